import Channels
import Ledger
import Primitives
import Storage

extension LogSession {
    /// Pays what the open epoch's pool owes, right before its edge; what the pool lacks waits for the next.
    ///
    /// - Returns: the channels that got something.
    mutating func repay() async throws -> [Bytes32] {
        let store = DebtStore(transaction)
        let open = try await store.open()
        guard !open.isEmpty else { return [] }
        let epoch = state.openEpoch
        let funds = try await NodeStore(transaction).balance(of: .pool(epoch))
        let owed = try open.map { try $0.debt.amount.subtracting($0.debt.paid) }
        let parts = try Repayment.parts(of: funds, debts: owed)
        let paid = try Amount.sum(parts)
        let leaf = append(
            LeafDraft(
                .repayment, Repayment(epoch: epoch, owed: try Amount.sum(owed), paid: paid).canonicalBytes))
        var entry = EntryDraft(.refund, reference: "repayment:\(epoch)")
        var credits: [Bytes32: Amount] = [:]
        for (one, part) in zip(open, parts) where part > .zero {
            if one.isClosed {
                try entry.move(part, from: .pool(epoch), to: .payable(one.payer))
            } else {
                try entry.move(part, from: .pool(epoch), to: .channels)
                credits[one.channelID] = try (credits[one.channelID] ?? .zero).adding(part)
            }
        }
        try post(entry)
        try await writeLeaves()
        try await store.pay(zip(open, parts).map { ($0.debt, $1) }, logIndex: leaf.index)
        try await store.note(repaid: paid, in: epoch)
        try await ChannelStore(transaction).credit(refunds: credits)
        try await EpochStore(transaction).add(to: epoch, refunded: paid)
        return Array(credits.keys)
    }
}
