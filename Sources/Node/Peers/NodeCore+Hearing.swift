import Channels
import Logging
import Primitives

extension Shard {
    /// The shard after it; `nil` after the last.
    fileprivate func next(_ sharding: Sharding) -> Shard? {
        let next = Shard(number: number + 1)
        return sharding.contains(next) ? next : nil
    }
}

extension NodeCore {
    /// Asks how far a peer knows this node's own chains.
    ///
    /// Shown with this node's signature it is what the next own event comes after, whether it is ever held here or not: it may
    /// have expired everywhere. Without it it is nothing.
    func hear(_ conversation: some PeerConversation, from peer: UInt32) async throws {
        var next: Shard? = Shard(number: 0)
        while let first = next {
            let tips = try await conversation.chains(of: number, from: first)
            next = nil
            for tip in tips {
                let place = tip.event.place(rules.sharding)
                // A page that does not go on ends the list.
                if place.shard >= first, tips.count == PeerAnswer.chainsMax { next = place.shard.next(rules.sharding) }
                guard await place.sequence > store.ownHighest(in: place.shard) else { continue }
                if tip.event.originator == number, tip.isBy(configuration.key.address, in: domain) {
                    gate.prove(place)
                    try await store.keep(shown: tip)
                } else {
                    note(lie: "own_chain", of: peer)
                }
            }
        }
        gate.heard(from: peer)
    }
}
