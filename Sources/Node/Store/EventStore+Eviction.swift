import Channels
import Primitives

extension EventStore {
    /// Raises the floor and writes down what goes: floor, checkpoints and the ends of chains are durable before anything is
    /// deleted. From here on what expires before it is not held, served or taken any more; ``evict(limit:)`` frees its room.
    ///
    /// - Returns: the checkpoints; none where the floor is as high already.
    func raiseFloor(
        to day: UTCDay, sign: @Sendable (Checkpoint) -> Signature
    ) throws(SQLiteFailure) -> [Checkpoint] {
        guard day > floor else { return [] }
        let checkpoints = index.checkpoints(below: day, node: number)
        var tips: [ChainID: UInt64] = [:]
        try transaction { () throws(SQLiteFailure) in
            try database.setFloor(day)
            for checkpoint in checkpoints {
                try database.run(
                    "INSERT OR REPLACE INTO checkpoint(day, shard, bytes, signature) VALUES(?, ?, ?, ?)",
                    [
                        .day(checkpoint.day), .shard(checkpoint.shard), .blob(checkpoint.canonicalBytes),
                        .blob(sign(checkpoint).bytes),
                    ])
            }
            tips = try writeTips(of: index.chains)
        }
        known.merge(tips) { max($0, $1) }
        leftovers.expired += index.raise(to: day)
        return checkpoints
    }

    /// Writes down how far chains went, inside a transaction.
    func writeTips(of chains: [ChainID]) throws(SQLiteFailure) -> [ChainID: UInt64] {
        var tips: [ChainID: UInt64] = [:]
        for chain in chains {
            guard let tip = try signedTip(of: chain) else { continue }
            try writeTip(tip)
            tips[chain] = tip.event.sequence
        }
        return tips
    }

    private static let rememberedOfPortion = 16

    /// Deletes some of what is not held any more; returns how much is left.
    ///
    /// A crash loses nothing but time: what is below the floor, or of shards that were let go of, is found again when the store
    /// is opened.
    func evict(limit: Int) throws(SQLiteFailure) -> Int {
        guard !leftovers.isEmpty || !leaving.isEmpty else { return 0 }
        let expired = Array(leftovers.expired.suffix(limit))
        let ids = expired + leftovers.released.suffix(limit - expired.count)
        let isLast = ids.count == leftovers.count
        var removals: [StoreChanges.Removal] = []
        try transaction { () throws(SQLiteFailure) in
            for id in ids {
                guard try isHeld(id) else { continue }
                try database.run(
                    "DELETE FROM envelope WHERE charge = (SELECT charge FROM event WHERE id = ?)", [.id(id)])
                removals.append(try remove(id))
            }
            if isLast {
                try database.run("DELETE FROM deletion WHERE shard IN (SELECT number FROM shard WHERE is_held = 0)")
                try database.run("DELETE FROM shard WHERE is_held = 0")
                try database.run("DELETE FROM deletion WHERE expiry < ?", [.day(floor)])
                try database.run("DELETE FROM dangling WHERE expiry < ?", [.day(floor)])
            }
        }
        // What links to them later is admitted, and nobody is asked for them. What is refused for other reasons stays known.
        for id in expired.prefix(Self.rememberedOfPortion) { refused.insert(id) }
        leftovers.expired.removeLast(expired.count)
        leftovers.released.removeLast(ids.count - expired.count)
        index.free(removals)
        if isLast { leaving = [] }
        return leftovers.count
    }

    /// Keeps how far epochs are sealed, where it is further than what is known.
    func keep(seal signed: SignedSealNotice) throws(SQLiteFailure) {
        guard signed.notice.epoch > seal?.notice.epoch ?? 0 else { return }
        let bytes = signed.notice.canonicalBytes + signed.signature.bytes
        try transaction { () throws(SQLiteFailure) in try database.setMeta(.seal, bytes) }
        seal = signed
    }

    /// What was kept of it when the store was last open.
    static func storedSeal(_ database: SQLiteDatabase) throws(SQLiteFailure) -> SignedSealNotice? {
        guard let bytes = try database.meta(.seal), bytes.count > 65,
            let notice = try? SealNotice(canonicalBytes: Array(bytes.dropLast(65))),
            let signature = try? Signature(Array(bytes.suffix(65)))
        else { return nil }
        return SignedSealNotice(notice: notice, signature: signature)
    }

    /// The floor when the store was last open; day 0 before the first.
    static func storedFloor(_ database: SQLiteDatabase) throws(SQLiteFailure) -> UTCDay {
        guard let bytes = try database.meta(.floor) else { return UTCDay(number: 0) }
        var reader = WireReader(bytes)
        guard let number = try? reader.uint32() else { throw .damaged("no day as floor") }
        return UTCDay(number: number)
    }

    /// The checkpoints after a shard of a day, ascending by day, then shard, with this node's signatures.
    func checkpoints(
        after day: UTCDay, _ shard: Shard, limit: Int
    ) throws(SQLiteFailure) -> [(Checkpoint, Signature)] {
        try database.rows(
            "SELECT bytes, signature FROM checkpoint WHERE (day, shard) > (?, ?) ORDER BY day, shard LIMIT ?",
            [.day(day), .shard(shard), .integer(Int64(limit))]
        ) { row throws(SQLiteFailure) in
            guard let checkpoint = try? Checkpoint(canonicalBytes: row.blob(0)),
                let signature = try? Signature(row.blob(1))
            else { throw .damaged("no checkpoint") }
            return (checkpoint, signature)
        }
    }

    /// The bytes of the database that are in use.
    func usedBytes() throws(SQLiteFailure) -> UInt64 {
        func pragma(_ name: String) throws(SQLiteFailure) -> UInt64 {
            try database.first("PRAGMA \(name)") { row throws(SQLiteFailure) in try row.unsigned(0) } ?? 0
        }
        let pages = try pragma("page_count")
        return (pages - min(pages, try pragma("freelist_count"))) * (try pragma("page_size"))
    }
}

extension SQLiteDatabase {
    /// Writes the floor down, inside a transaction.
    func setFloor(_ day: UTCDay) throws(SQLiteFailure) {
        var writer = WireWriter()
        writer.append(day.number)
        try setMeta(.floor, writer.bytes)
    }
}
