import Channels

/// The chain of an originator in a shard: who holds other shards knows nothing of it, and misses nothing.
struct ChainID: Hashable, Sendable {
    let originator: UInt32
    let shard: Shard
}

/// A place in a chain.
struct EventPlace: Hashable, Sendable {
    let originator: UInt32
    let shard: Shard
    let sequence: UInt64

    /// The chain that it is in.
    var chain: ChainID { ChainID(originator: originator, shard: shard) }
}

extension Event {
    /// Its place in its originator's chain.
    func place(_ sharding: Sharding) -> EventPlace {
        EventPlace(originator: originator, shard: sharding.shard(ofEnvelope: envelopeHash), sequence: sequence)
    }
}
