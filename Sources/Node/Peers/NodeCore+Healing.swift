import Channels
import Logging
import Primitives

extension NodeCore {
    /// How often a peer may seem to be behind in a shard before it is looked at closely.
    private static let patience = 3

    /// Compares every shard that this node and a peer both hold, and heals this node's; `true` where all were equal at the end.
    ///
    /// A peer that seems to be behind has some periods to heal before it is looked at closely: `timesAhead` counts them.
    func heal<Conversation: PeerConversation>(
        from conversation: Conversation, peer: UInt32, isPatient: Bool = true, reconciler: (any Reconciler)? = nil,
        timesAhead: inout [Shard: Int], replica: (Shard) -> any ReconcileReplica
    ) async throws -> Bool {
        let reconciler = reconciler ?? self.reconciler
        var isEqual = true
        for shard in try await differing(from: conversation, peer: peer) {
            let outcome = try await reconciler.reconcile(
                replica(shard), with: conversation.on(shard),
                isPatient: isPatient && timesAhead[shard, default: 0] < Self.patience)
            counters.add(.reconciliations, outcome.label)
            timesAhead[shard] = outcome == .ahead ? timesAhead[shard, default: 0] + 1 : nil
            isEqual = isEqual && (outcome == .equal || outcome == .absent)
        }
        if !holdings.duty(holding: await store.survey()).released.isEmpty { shardsWanted.fire() }
        return isEqual
    }

    /// The shards in which something has to be looked at; where not everybody holds the same, all are compared by one question
    /// first, which tells who holds what, and proves who holds the same.
    private func differing(from conversation: some PeerConversation, peer: UInt32) async throws -> [Shard] {
        let states = await store.survey()
        guard rules.sharding != .none else { return states.map(\.shard) }
        guard !states.isEmpty else { return [] }
        var differing: [Shard] = []
        for (surveyed, result) in zip(states, try await conversation.survey(states)) {
            holdings.compared(surveyed, with: peer, result)
            if result == .differs {
                differing.append(surveyed.shard)
            } else {
                counters.add(.reconciliations, result == .equal ? "equal" : "absent")
            }
        }
        return differing
    }

    /// Notes which shards a peer holds that compares them with this node: it may have to be asked for them.
    func note(_ question: PeerQuestion, from peer: UInt32) {
        let isNew =
            switch question {
            case .compare(let shard, _): holdings.heard([shard], from: peer)
            case .survey(let shards): holdings.heard(shards.map(\.shard), from: peer)
            default: false
            }
        if isNew { registryChanged.fire() }
    }
}
