public import Channels
public import Primitives

/// What became of an owner's order to delete a message.
public enum DeletionOutcome: Hashable, Sendable {
    /// The payload is gone here, and peers are told.
    case deleted
    /// It was gone before.
    case known
    /// This node holds no message of that charge.
    case notHeld
    /// The order is of another message than the charge's.
    case otherMessage
    /// The topic's owner did not sign it.
    case refused(DeletionRefusal)
}

extension ReplicationNode {
    /// Drops the payload of a charge's message by its topic owner's order, durable when this returns; every holder follows.
    ///
    /// Throws where the store can't be written.
    public func delete(_ deletion: Deletion, charge: UInt64) async throws -> DeletionOutcome {
        guard let held = try await core.store.event(carrying: charge) else { return .notHeld }
        guard let event = try? Event(canonicalBytes: held.event), event.envelopeHash == deletion.head.hash else {
            return .otherMessage
        }
        // What is left of a shard that was let go of is not held.
        let shard = core.rules.sharding.shard(ofEnvelope: event.envelopeHash)
        guard await core.store.held.contains(shard) else { return .notHeld }
        do throws(DeletionRefusal) {
            try deletion.check(domain: core.domain)
        } catch {
            return .refused(error)
        }
        let order = WireEvent(event: held.event, signature: held.signature, envelope: deletion.canonicalBytes)
        return try await core.take([order], from: core.number).admitted.isEmpty ? .known : .deleted
    }

    /// Pairs of heads that this node saw, which the log key signed and which can't both be so; at most 16. Throws where the store
    /// can't be read.
    public func headEvidence() async throws -> [HeadEvidence] { try await core.store.headEvidence() }

    /// The most checkpoints of one page.
    public static let checkpointsMax = 1_000

    /// What this node held of days that have expired when it dropped them, ascending by day, then shard, from after a shard of a
    /// day, signed; where none is named, after the whole day. Throws where the store can't be read.
    public func checkpoints(
        after day: UTCDay, _ shard: Shard = Shard(number: .max), limit: Int = checkpointsMax
    ) async throws -> [(checkpoint: Checkpoint, signature: Signature)] {
        try await core.store.checkpoints(after: day, shard, limit: min(max(0, limit), Self.checkpointsMax))
            .map { (checkpoint: $0.0, signature: $0.1) }
    }
}
