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
    let limits: NodeLimits
    let database: SQLiteDatabase
    var index: StoreIndex
    var pool: OrphanPool
    var refused: RecentSet<Bytes32>
    var newestHead: SignedHead?

    /// Opens or creates the store of a node, on the queue that it will run on.
    static func open(_ configuration: NodeConfiguration) async throws(NodeError) -> EventStore {
        let executor = StoreExecutor(label: "feesvc.node.\(configuration.number).store")
        let opened: Result<EventStore, NodeError> = await executor.run {
            Result { () throws(NodeError) in try EventStore(configuration, executor: executor) }
        }
        return try opened.get()
    }

    private init(_ configuration: NodeConfiguration, executor: StoreExecutor) throws(NodeError) {
        let identity = StoreIdentity(configuration)
        let database = try StoreOpening.open(directory: configuration.dataDirectory, identity: identity)
        do {
            index = try StoreIndex(database, key: .random())
            newestHead = try Self.storedHead(database)
        } catch {
            throw error.nodeError(directory: configuration.dataDirectory)
        }
        self.executor = executor
        self.database = database
        directory = configuration.dataDirectory
        number = configuration.number
        limits = configuration.limits
        pool = OrphanPool(eventsMax: limits.orphanEvents, bytesMax: limits.orphanBytes)
        refused = RecentSet(limit: limits.refusedIDs)
    }

    private static func storedHead(_ database: SQLiteDatabase) throws(SQLiteFailure) -> SignedHead? {
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
            // What waited is fetched again; taking a copy of the pool before each transaction would cost more.
            pool = OrphanPool(eventsMax: limits.orphanEvents, bytesMax: limits.orphanBytes)
            newestHead = head
            throw error
        }
    }

    /// What the DAG and the chains need to know of an event; `nil` where it is not held.
    func vertex(_ id: Bytes32) throws(SQLiteFailure) -> Vertex? {
        try database.first("SELECT originator, sequence, topic, depth FROM event WHERE id = ?", [.id(id)]) {
            row throws(SQLiteFailure) in
            Vertex(
                originator: try row.node(0),
                sequence: try row.unsigned(1),
                topic: try row.bytes32(2),
                depth: try row.unsigned(3)
            )
        }
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
