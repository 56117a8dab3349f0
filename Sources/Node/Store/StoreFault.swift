public import Primitives

/// What is wrong in a node's store.
public enum StoreFault: Hashable, Sendable {
    /// SQLite itself finds the file damaged.
    case file(String)
    /// The bytes of an event are not what its id, signatures and receipt say; peers have it.
    case event(id: Bytes32, refusal: EventRefusal)
    /// A column says something else than the event's bytes.
    case column(id: Bytes32, name: String)
    /// An event has neither payload nor order to delete.
    case payloadMissing(id: Bytes32)
    /// The floor is above what the log key has signed allows.
    case floor(stored: UTCDay, bound: UTCDay)
    /// An event is held that expired before the floor.
    case belowFloor(id: Bytes32)
    /// An originator's second event for a charge is held.
    case chargeAgain(charge: UInt64)
    /// A tip that is not held, or that a held event links to.
    case tip(id: Bytes32)
    /// What is kept as missing is held.
    case dangling(id: Bytes32)
    /// A topic's count is not that of its events.
    case topic(id: Bytes32, counted: UInt64, held: UInt64)
    /// A payload or order to delete of no event.
    case stray(charge: UInt64)
    /// A charge has both a payload and an order to delete it.
    case payloadAndDeletion(charge: UInt64)
    /// The index in memory is not what the tables say.
    case index(String)
}

extension StoreFault: CustomStringConvertible {
    /// One line for the node's operator.
    public var description: String {
        switch self {
        case .file(let text): "the database file is damaged: \(text)"
        case .event(let id, let refusal): "event \(id) is not what it was: \(refusal)"
        case .column(let id, let name): "event \(id): column \(name) is not what its bytes say"
        case .payloadMissing(let id): "event \(id) has neither payload nor order to delete"
        case .floor(let stored, let bound): "the floor is \(stored), the log's word allows \(bound)"
        case .belowFloor(let id): "event \(id) expired before the floor and is held"
        case .chargeAgain(let charge): "charge \(charge) has two events of one originator"
        case .tip(let id): "event \(id) is kept as a tip of its topic and is none"
        case .dangling(let id): "event \(id) is kept as missing and is held"
        case .topic(let id, let counted, let held): "topic \(id) counts \(counted) events and holds \(held)"
        case .stray(let charge): "a payload of charge \(charge) belongs to no event"
        case .payloadAndDeletion(let charge): "charge \(charge) has both a payload and an order to delete it"
        case .index(let part): "the index in memory differs from the tables: \(part)"
        }
    }
}
