import Channels
import Ledger
import Primitives
import Rewards
import Storage

extension FeeService {
    /// Logs a proof that an operator signed two results of one epoch; one for each operator and epoch counts.
    ///
    /// Returns whether it was new.
    func take(_ evidence: Equivocation) async throws -> Bool {
        // Before the writer's turn, which strangers must not take.
        guard evidence.isGood(in: domain) else {
            throw Refusal(
                401, "equivocation/signature", "\(evidence.operatorAddress) did not sign both of these results.")
        }
        guard try await read({ try await self.judge(evidence, $0) }) != nil else { return false }
        return try await write { session in
            guard let node = try await judge(evidence, session.transaction) else { return false }
            let leaf = session.append(LeafDraft(.penalty, evidence.canonicalBytes))
            try await session.writeLeaves()
            try await EquivocationStore(session.transaction).keep(evidence, of: node, logIndex: leaf.index)
            return true
        }
    }

    /// The node whose operator the evidence is against; `nil` where that is proved already.
    private nonisolated func judge(_ evidence: Equivocation, _ transaction: Transaction) async throws -> UInt32? {
        guard let epoch = try await EpochStore(transaction).epoch(evidence.epoch), let sealed = epoch.resultIndex
        else {
            throw Refusal(
                409, "equivocation/not-sealed", "Epoch \(evidence.epoch) has no result; send this once it has.")
        }
        let nodes = try await NodeStore(transaction).all()
        guard let node = nodes.first(where: { $0.node.registration.operatorAddress == evidence.operatorAddress })
        else {
            throw Refusal(404, "equivocation/operator", "\(evidence.operatorAddress) runs no node here.")
        }
        // The history that was lost may have had another result, which an honest operator signed as well.
        let edge = genesis.epochs.edge(of: evidence.epoch)
        let acts = try await LogStore(transaction).acts(before: sealed)
        guard !acts.rollbacks.contains(where: { edge < $0.rollback.time }) else {
            throw Refusal(
                409, "equivocation/rollback",
                "Epoch \(evidence.epoch) was sealed anew after the log had lost leaves; its first result is no lie.")
        }
        let number = node.node.number
        return try await EquivocationStore(transaction).isProved(of: number, epoch: evidence.epoch) ? nil : number
    }
}
