import Channels
import Primitives

/// A node's events on disk, and what is derived from them.
///
/// Its jobs run one after another on a queue of their own. Every change is one transaction, durable when the call
/// returns; the index in memory follows only then.
actor EventStore {
    nonisolated let executor: StoreExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    nonisolated let directory: String
    nonisolated let number: UInt32
    nonisolated let sharding: Sharding
    let limits: NodeLimits
    let database: SQLiteDatabase
    var index: StoreIndex
    /// How far epochs are sealed, as far as it was told.
    var seal: SignedSealNotice?
    /// What is not held any more and not deleted yet.
    var leftovers: StoreLeftovers
    /// The shards that are held, ascending.
    var held: [Shard] { index.sets.keys.sorted() }
    /// Shards that were let go of, of which something is left.
    var leaving: Set<Shard>
    /// Ancestors to be asked for.
    var wanted: WantedEvents
    /// What expires before this day is held by nobody.
    var floor: UTCDay { index.floor }
    /// How far chains went whose last events are not held any more.
    var known: [ChainID: UInt64]
    var refused: RecentSet<Bytes32>
    var newestHead: SignedHead?

    /// Opens or creates the store of a node, on the queue that it will run on.
    static func open(_ configuration: NodeConfiguration) async throws(NodeError) -> EventStore {
        let executor = StoreExecutor(label: "feesvc.node.\(configuration.number).store")
        let opened: Result<EventStore, NodeError> = await executor.run {
            Result { () throws(NodeError) in
                let database = try StoreOpening.open(
                    directory: configuration.dataDirectory, identity: StoreIdentity(configuration))
                return try EventStore(
                    database, directory: configuration.dataDirectory, number: configuration.number,
                    sharding: configuration.genesis.sharding, limits: configuration.limits,
                    sketchKey: configuration.sketchKey, executor: executor)
            }
        }
        return try opened.get()
    }

    /// Opens the store in a directory for whomever it belongs to, without running a node. Where there is none, one is made for
    /// `owner`, if one is named.
    static func reopen(
        directory: String, orMakeFor owner: StoreIdentity? = nil
    ) async throws(NodeError) -> (store: EventStore, identity: StoreIdentity) {
        let executor = StoreExecutor(label: "feesvc.node.store")
        let opened: Result<(EventStore, StoreIdentity), NodeError> = await executor.run {
            Result { () throws(NodeError) in
                let (database, identity) =
                    if let owner, !StoreOpening.exists(in: directory) {
                        (try StoreOpening.open(directory: directory, identity: owner), owner)
                    } else {
                        try StoreOpening.reopen(directory: directory)
                    }
                let store = try EventStore(
                    database, directory: directory, number: identity.number, sharding: identity.genesis.sharding,
                    limits: NodeLimits(), sketchKey: nil, executor: executor)
                return (store, identity)
            }
        }
        return try opened.get()
    }

    private init(
        _ database: SQLiteDatabase, directory: String, number: UInt32, sharding: Sharding, limits: NodeLimits,
        sketchKey: SipHash?, executor: StoreExecutor
    ) throws(NodeError) {
        do {
            let floor = try Self.storedFloor(database)
            // What a crash has left of an eviction's last step.
            try database.run("DELETE FROM deletion WHERE expiry < ?", [.day(floor)])
            try database.run("DELETE FROM dangling WHERE expiry < ?", [.day(floor)])
            let shards = try Self.storedShards(database)
            leaving = Set(shards.filter { !$0.isHeld }.map(\.shard))
            (index, leftovers) = try StoreIndex.read(
                database, key: sketchKey ?? .random(), sharding: sharding,
                held: shards.filter(\.isHeld).map(\.shard), floor: floor)
            seal = try Self.storedSeal(database)
            known = try Self.storedChains(database)
            newestHead = try Self.storedHead(database)
        } catch {
            throw error.nodeError(directory: directory)
        }
        self.executor = executor
        self.database = database
        self.directory = directory
        self.number = number
        self.sharding = sharding
        self.limits = limits
        wanted = WantedEvents(limit: limits.wantedEvents)
        refused = RecentSet(limit: limits.refusedIDs)
    }

    static func storedHead(_ database: SQLiteDatabase) throws(SQLiteFailure) -> SignedHead? {
        guard let bytes = try database.meta(.head) else { return nil }
        guard
            bytes.count > 65, let head = try? LogHead(canonicalBytes: Array(bytes.dropLast(65))),
            let signature = try? Signature(Array(bytes.suffix(65)))
        else { return nil }
        return SignedHead(head: head, signature: signature)
    }

    /// Closes the file, as dropping the store does; whatever is asked afterwards fails.
    func close() { database.close() }

    /// Keeps a head that is newer than the one kept, inside the transaction of the caller.
    func keep(_ head: SignedHead?) throws(SQLiteFailure) {
        guard let head, head.head.isNewer(than: newestHead?.head) else { return }
        try database.setMeta(.head, head.head.canonicalBytes + head.signature.bytes)
        newestHead = head
    }

    /// Runs `body` in one transaction; a failure leaves memory as the disk has it.
    func transaction<Result>(_ body: () throws(SQLiteFailure) -> Result) throws(SQLiteFailure) -> Result {
        let head = newestHead
        do {
            return try database.transaction(body)
        } catch {
            newestHead = head
            throw error
        }
    }

    /// How far a chain went that is not held any more; 0 where nothing is known of it.
    func known(_ chain: ChainID) -> UInt64 { known[chain] ?? 0 }

    private static func storedChains(_ database: SQLiteDatabase) throws(SQLiteFailure) -> [ChainID: UInt64] {
        let rows = try database.rows("SELECT originator, shard, sequence FROM chain") { row throws(SQLiteFailure) in
            (ChainID(originator: try row.node(0), shard: try row.shard(1)), try row.unsigned(2))
        }
        return Dictionary(rows) { first, _ in first }
    }

    func isHeld(_ id: Bytes32) throws(SQLiteFailure) -> Bool {
        try database.exists("SELECT 1 FROM event WHERE id = ?", [.id(id)])
    }
}

extension LogHead {
    /// Whether it says more than another: later, or more leaves at the same time.
    func isNewer(than other: LogHead?) -> Bool {
        guard let other else { return true }
        return (time, size) > (other.time, other.size)
    }
}
