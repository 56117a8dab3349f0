import Channels
import Primitives

/// What a healing node asks for: an event that it knows by its id, or by its place in a chain.
enum FetchTarget: Hashable, Sendable {
    case id(Bytes32)
    case place(EventPlace)
}

/// The questions that ask for some targets.
struct Fetch: Hashable, Sendable {
    /// The first eight bytes of ids.
    private(set) var prefixes: [UInt64] = []
    private(set) var places: [EventPlace] = []

    init(_ targets: [FetchTarget]) {
        for target in targets {
            switch target {
            case .id(let id): prefixes.append(id.prefix)
            case .place(let place): places.append(place)
            }
        }
    }

    var questions: [PeerQuestion] {
        let byShard = Dictionary(grouping: places, by: \.shard).sorted { $0.key < $1.key }
        return (prefixes.isEmpty ? [] : [.fetch(prefixes)]) + byShard.map { .fetchPlaces($0, $1.ranges) }
    }
}

extension WireEvent {
    /// The targets that this event is what was asked for with; none where its bytes are no event.
    func targets(_ sharding: Sharding) -> [FetchTarget] {
        guard let event = try? Event(canonicalBytes: event) else { return [] }
        let targets = [FetchTarget.id(id), .place(event.place(sharding))]
        guard isDeletion, let charge = try? Receipt(canonicalBytes: event.receipt).charge else { return targets }
        return targets + [.id(Deletion.mark(charge: charge.number, envelopeHash: event.envelopeHash))]
    }
}

extension [EventPlace] {
    /// The same places, all of one shard, as ranges, ascending.
    var ranges: [PlaceRange] {
        var ranges: [PlaceRange] = []
        for place in sorted(by: { ($0.originator, $0.sequence) < ($1.originator, $1.sequence) }) {
            if let last = ranges.last, last.originator == place.originator,
                last.sequences.upperBound + 1 == place.sequence
            {
                ranges[ranges.count - 1] = PlaceRange(
                    originator: place.originator, sequences: last.sequences.lowerBound...place.sequence)
            } else {
                ranges.append(PlaceRange(originator: place.originator, sequences: place.sequence...place.sequence))
            }
        }
        return ranges
    }
}
