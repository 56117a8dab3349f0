import Channels
import Primitives

@testable import Node

/// Most tests are of a network of one shard that every node holds.
extension Shard {
    static let one = Shard(number: 0)
}

extension EventPlace {
    init(originator: UInt32, sequence: UInt64) {
        self.init(originator: originator, shard: .one, sequence: sequence)
    }
}

extension ChainID {
    static func of(_ originator: UInt32) -> ChainID { ChainID(originator: originator, shard: .one) }
}

extension EventStore {
    func state() -> SetState { state(of: .one) }
    func state(from floor: UTCDay) -> SetState { state(of: .one, from: floor) }
    func days() -> [DayNode] { days(of: .one) }
    func tree(day: UInt64, paths: [TreePath]) -> [TreeContent] { tree(of: .one, day: day, paths: paths) }
    func lacking(from places: [PlaceRange], limit: UInt64) -> [PlaceRange] {
        lacking(from: places, in: .one, limit: limit)
    }
    func wireEvents(on ranges: [PlaceRange], bytesMax: Int) throws -> [WireEvent] {
        try wireEvents(in: .one, on: ranges, bytesMax: bytesMax)
    }
    /// The one set.
    var set: ComparedSet {
        get { index.sets[.one] ?? ComparedSet(key: .random(), sharding: .none) }
        set { index.sets[.one] = newValue }
    }
}

extension ComparedSet {
    init(key: SipHash) { self.init(key: key, sharding: .none) }
}

extension WireEvent {
    var targets: [FetchTarget] { targets(.none) }
}

extension HealedReplica {
    init(core: NodeCore, peer: UInt32) { self.init(core: core, peer: peer, shard: .one) }
}
