import Channels
import Primitives

/// Events that nobody signed, one for each number, made again whenever they are needed: for trials that only compare sets.
struct TrialEvents: Sendable {
    /// All of them are in the one shard of a network that has no more.
    static let shard = Shard(number: 0)

    /// How many originators take turns.
    let originators: UInt32
    /// How many events are of one day.
    let dayEvents: UInt64

    /// Where event `number` is; neighbours are of different originators, as traffic is.
    func place(_ number: UInt64) -> EventPlace {
        EventPlace(
            originator: UInt32(number % UInt64(originators)) + 1, shard: Self.shard,
            sequence: number / UInt64(originators) + 1)
    }

    /// Which number is on a place.
    func number(_ place: EventPlace) -> UInt64 {
        (place.sequence - 1) * UInt64(originators) + UInt64(place.originator) - 1
    }

    func day(_ number: UInt64) -> UInt64 { number / dayEvents + 1 }

    func event(_ number: UInt64) -> Event {
        let place = place(number)
        return Event(
            originator: place.originator, sequence: place.sequence,
            previous: place.sequence == 1 ? .zero : Bytes32(integer: UInt128(number)), topic: .zero, links: [],
            envelopeHash: Bytes32(integer: UInt128(number)), receipt: [])
    }

    /// The event as it travels, without envelope.
    func wire(_ number: UInt64) -> WireEvent {
        WireEvent(event: event(number).canonicalBytes, signature: [UInt8](repeating: 0, count: 65), envelope: [])
    }
}
