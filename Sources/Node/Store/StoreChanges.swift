import Channels
import Primitives

/// What a transaction changed of the set of events, in order: the index in memory follows once it is durable.
struct StoreChanges {
    /// One event that came.
    struct Addition {
        let id: Bytes32
        let place: EventPlace
        let expiry: UTCDay
        let epoch: UInt64
        let charge: UInt64
        /// Of its canonical form.
        let bytes: UInt64
        let isMessage: Bool
        let isTopicNew: Bool
    }

    /// One event that gave way to another of its originator for the same charge, or was below the floor.
    struct Removal {
        let id: Bytes32
        let place: EventPlace
        /// Its place, where no other event is on it.
        let freed: EventPlace?
        let expiry: UTCDay
        let bytes: UInt64
        /// Whether it was the last event of its charge, or topic.
        let isChargeGone: Bool
        let isTopicGone: Bool
        /// The topic that it was a tip of.
        let tipOf: Bytes32?
    }

    /// A message whose payload its owner had deleted.
    struct Deletion {
        let id: Bytes32
        let shard: Shard
        let expiry: UTCDay
    }

    enum Change {
        case added(Addition)
        case removed(Removal)
        case deleted(Deletion)
        case tips(TipWidths.Change)
    }

    private(set) var all: [Change] = []

    mutating func append(_ change: Change) { all.append(change) }
}
