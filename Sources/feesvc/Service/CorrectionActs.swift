import Channels
import Ledger
import Primitives
import Rewards
import Storage

extension FeeService {
    /// Moves money in the name of a sealed epoch whose result sent it to the wrong place.
    ///
    /// From an operator no more can be taken than it has not claimed: what was paid out is not in the books any more, and can
    /// only be kept back from later rewards, by a later correction.
    static func correct(_ correction: Correction, index: UInt64, _ session: inout LogSession) async throws {
        guard try await EpochStore(session.transaction).epoch(correction.epoch)?.result != nil else {
            throw Refusal(
                409, "correction/not-sealed",
                "Epoch \(correction.epoch) is not sealed: what its result will say can still be put right.")
        }
        let nodes = try await NodeStore(session.transaction).all()
        let from = try node(correction.from, nodes)
        let to = try node(correction.to, nodes)
        let account = account(correction.from, session.state)
        let funds: Amount
        if let from {
            funds = try from.cumulative.subtracting(from.claimed)
        } else {
            funds = try await NodeStore(session.transaction).balance(of: account)
        }
        guard correction.amount <= funds else {
            throw Refusal(
                409, "correction/funds",
                "\(correction.from.name) has \(funds), which is less than \(correction.amount).")
        }
        var entry = EntryDraft(.correction, reference: "correction:\(correction.epoch):\(index)")
        try entry.move(correction.amount, from: account, to: Self.account(correction.to, session.state))
        try session.post(entry)
        try await CorrectionStore(session.transaction).keep(
            CorrectionStore.Stored(
                correction, logIndex: index, inEpoch: session.state.openEpoch, entry: session.state.anchor.number),
            from: from?.node.number, to: to?.node.number)
    }

    private static func account(_ purse: Correction.Purse, _ state: LogState) -> LedgerAccount {
        switch purse {
        case .pool: .pool(state.openEpoch)
        case .protocolIncome: .protocolIncome
        case .rewards(let address): .rewards(address)
        }
    }

    private static func node(_ purse: Correction.Purse, _ nodes: [StoredNode]) throws(Refusal) -> StoredNode? {
        guard case .rewards(let address) = purse else { return nil }
        guard let node = nodes.first(where: { $0.node.registration.operatorAddress == address }) else {
            throw Refusal(422, "correction/operator", "\(address.checksummed) runs no node here.")
        }
        return node
    }
}
