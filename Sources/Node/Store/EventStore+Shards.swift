import Channels
import Primitives
import Rewards

extension EventStore {
    /// The shards that a store holds or is letting go of.
    static func storedShards(_ database: SQLiteDatabase) throws(SQLiteFailure) -> [(shard: Shard, isHeld: Bool)] {
        try database.rows("SELECT number, is_held FROM shard ORDER BY number") { row throws(SQLiteFailure) in
            (shard: try row.shard(0), isHeld: row.integer(1) == 1)
        }
    }

    /// Begins to hold shards, durable when it returns. Of what is left of one that was let go of, nothing is taken back: it
    /// is left out until that is deleted.
    func take(_ shards: some Sequence<Shard>) throws(SQLiteFailure) {
        let new = shards.filter { index.sets[$0] == nil && !leaving.contains($0) }
        guard !new.isEmpty else { return }
        try transaction { () throws(SQLiteFailure) in
            for shard in new { try Self.hold(shard, in: database) }
        }
        for shard in new { index.take(shard) }
    }

    /// Keeps the nodes of an epoch's snapshot.
    func keep(members: [UInt32], of epoch: UInt64?) throws(SQLiteFailure) {
        var encoder = CanonicalEncoder()
        encoder.append(epoch ?? 0)
        encoder.append(list: members) { $0.append($1) }
        let bytes = encoder.bytes
        try transaction { () throws(SQLiteFailure) in try database.setMeta(.members, bytes) }
    }

    /// The members that were kept; none before the first.
    func storedMembers() throws(SQLiteFailure) -> (members: [UInt32], epoch: UInt64?) {
        guard let bytes = try database.meta(.members) else { return ([], nil) }
        do {
            var decoder = CanonicalDecoder(untagged: bytes)
            let epoch = try decoder.readUInt64()
            let members = try decoder.readList(limit: Silence.nodesMax) { decoder throws(CanonicalError) in
                try decoder.readUInt32()
            }
            try decoder.finish()
            return (members, epoch > 0 ? epoch : nil)
        } catch {
            throw .damaged("no members")
        }
    }

    /// Writes down that a shard is held.
    static func hold(_ shard: Shard, in database: SQLiteDatabase) throws(SQLiteFailure) {
        try database.run("INSERT OR REPLACE INTO shard(number, is_held) VALUES(?, 1)", [.shard(shard)])
    }

    /// Ends to hold a shard, where it is still in the state that was proved elsewhere: that, and the ends of its chains, are
    /// durable before anything is deleted. From here on nothing of it is held, served or taken; ``evict(limit:)`` frees its room.
    ///
    /// - Returns: `false` where something has come or gone since.
    func letGo(_ proved: SurveyedShard) throws(SQLiteFailure) -> Bool {
        let shard = proved.shard
        guard index.sets[shard] != nil, state(of: shard) == proved.state else { return false }
        var tips: [ChainID: UInt64] = [:]
        try transaction { () throws(SQLiteFailure) in
            tips = try writeTips(of: index.chains.filter { $0.shard == shard })
            try database.run("UPDATE shard SET is_held = 0 WHERE number = ?", [.shard(shard)])
        }
        known.merge(tips) { max($0, $1) }
        leaving.insert(shard)
        leftovers.released += index.letGo(shard)
        return true
    }
}
