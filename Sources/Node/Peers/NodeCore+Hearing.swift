import Logging
import Primitives

extension NodeCore {
    /// Asks how far a peer knows this node's own chain, and lets it show the event that it names.
    ///
    /// Shown with a good signature, it is what the next own event comes after; a claim without it is nothing.
    func hear(_ conversation: some PeerConversation, from peer: UInt32) async throws {
        let (highest, id) = try await conversation.chain(of: number)
        if await highest > store.ownHighest {
            let shown = try await conversation.fetch([.id(id)]).filter { $0.id == id }
            _ = try await take(shown, from: peer)
            if gate.proven < highest {
                logger.warning(
                    "peer claims an event of this node that it does not show",
                    metadata: ["peer.number": "\(peer)", "event.sequence": "\(highest)", "event.id": "\(id)"]
                )
            }
        }
        gate.heard(from: peer)
    }
}
