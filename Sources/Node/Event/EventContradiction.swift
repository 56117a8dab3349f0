import Channels
import Primitives

extension SignedEvent {
    /// Whether this event and another of the same originator can't both be honest: two on one place of a chain, two for one charge,
    /// or neighbours in a chain the later of which names another predecessor.
    func contradicts(_ other: SignedEvent, _ sharding: Sharding) -> Bool {
        guard event.originator == other.event.originator, id != other.id else { return false }
        if event.place(sharding).chain == other.event.place(sharding).chain {
            if event.sequence == other.event.sequence { return true }
            let (earlier, later) = event.sequence < other.event.sequence ? (self, other) : (other, self)
            if later.event.sequence - earlier.event.sequence == 1, later.event.previous != earlier.id { return true }
        }
        guard let mine = try? Receipt(canonicalBytes: event.receipt),
            let theirs = try? Receipt(canonicalBytes: other.event.receipt)
        else { return false }
        return mine.charge.number == theirs.charge.number
    }
}
