import Logging
import Primitives

extension NodeCore {
    /// Asks how far a peer knows this node's own chain.
    ///
    /// Shown with this node's signature it is what the next own event comes after, whether it is ever held here or not: it may
    /// have expired everywhere. Without it it is nothing.
    func hear(_ conversation: some PeerConversation, from peer: UInt32) async throws {
        if let tip = try await conversation.chain(of: number), await tip.event.sequence > store.ownHighest {
            if tip.event.originator == number, tip.isBy(configuration.key.address, in: domain) {
                gate.prove(tip.event.sequence)
                try await store.keep(shown: tip)
            } else {
                note(lie: "own_chain", of: peer)
            }
        }
        gate.heard(from: peer)
    }
}
