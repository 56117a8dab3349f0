import Channels
import Ledger
import Primitives
import Rewards
import Storage

extension FeeService {
    /// Takes an outage that operators with more than two thirds of the stake declared: what the day's midnight captured
    /// for the part that was out is owed to the channels out of the open epoch's pool.
    ///
    /// - Returns: what goes back in all.
    func declare(_ declared: DeclaredOutage) async throws -> Amount {
        let (state, domain) = (state, domain)
        _ = try await read { try await Self.check(declared, $0, state, domain) }
        return try await write { session in
            try await Self.check(declared, session.transaction, session.state, domain)
            let store = OutageStore(session.transaction)
            let captured = try await store.captured(on: declared.outage.day)
            var debts: [Debt] = []
            var total = Amount.zero
            let index = session.nextIndex
            for (channel, amount) in captured {
                let part = try declared.outage.part(of: amount)
                guard part > .zero else { continue }
                total = try total.adding(part)
                debts.append(Debt(logIndex: index, channel: channel, ground: .declaredOutage, amount: part))
            }
            guard total > .zero else {
                throw Refusal(
                    422, "outage/nothing-stored", "Nothing was stored on \(declared.outage.day) that could go back.")
            }
            session.append(LeafDraft(.outage, LoggedOutage(declared: declared, total: total).canonicalBytes))
            try await session.writeLeaves()
            try await store.keep(
                OutageStore.Stored(declared, total: total, logIndex: index, epoch: session.state.openEpoch))
            try await DebtStore(session.transaction).add(debts)
            return total
        }
    }

    private static func check(
        _ declared: DeclaredOutage, _ transaction: Transaction, _ state: LogState, _ domain: EIP712Domain
    ) async throws {
        let day = declared.outage.day
        guard day <= state.lastMidnight else {
            throw Refusal(409, "outage/early", "The midnight that begins \(day) is not captured yet.")
        }
        let epochs = state.genesis.epochs
        guard day.start >= epochs.beginning(of: state.openEpoch > 2 ? state.openEpoch - 2 : 1) else {
            throw Refusal(
                409, "outage/late", "An outage is declared in the epoch in which its day was captured, or the next two."
            )
        }
        guard try await !OutageStore(transaction).all().contains(where: { $0.declared.outage.day == day }) else {
            throw Refusal(409, "outage/decided", "An outage of \(day) was declared before.")
        }
        let snapshot = try await NodeStore(transaction).snapshot(of: state.openEpoch, epochs)
        let stakes = Dictionary(snapshot.map { ($0.operatorAddress, $0.stake) }) { first, _ in first }
        let digest = domain.digest(of: declared.outage)
        for signer in declared.signers {
            guard stakes[signer.operatorAddress] != nil else {
                throw Refusal(
                    422, "outage/operator", "\(signer.operatorAddress) is no operator of the open epoch's snapshot.")
            }
            guard signer.signature.isBy(signer.operatorAddress, over: digest) else {
                throw Refusal(401, "outage/signature", "\(signer.operatorAddress) did not sign this outage.")
            }
        }
        guard try AttestationQuorum.isReached(by: Set(declared.signers.map(\.operatorAddress)), in: snapshot) else {
            throw Refusal(
                422, "outage/quorum", "The operators that signed do not hold more than two thirds of the stake.")
        }
    }
}
