import Channels
public import Primitives

/// A node's store, opened while the node does not run: to check it, or to make its file smaller.
public struct NodeStore: Sendable {
    /// What a store holds, and to whom it belongs.
    public struct Summary: Hashable, Sendable {
        /// The node's number.
        public let node: UInt32
        /// The node's key.
        public let key: Address
        /// Events that are held.
        public let events: UInt64
        /// Messages among them.
        public let messages: UInt64
        /// The day before which nothing that has expired is held.
        public let floor: UTCDay
        /// Events that are not held any more and not deleted yet.
        public let left: Int
        /// The size of the database file, in bytes.
        public let fileBytes: UInt64
    }

    let store: EventStore
    let identity: StoreIdentity
    private let registry: [UInt32: Address]

    /// Opens the store in a data directory. Refuses one that is in use by a process.
    public static func open(directory: String) async throws(NodeError) -> NodeStore {
        let (store, identity) = try await EventStore.reopen(directory: directory)
        do {
            let nodes = try await store.storedRegistry().compactMap { try? RegisteredNode(canonicalBytes: $0) }
            let keys = nodes.map { ($0.number, $0.registration.nodeKey) }
            return NodeStore(
                store: store, identity: identity, registry: Dictionary(keys) { first, _ in first })
        } catch {
            throw error.nodeError(directory: directory)
        }
    }

    private init(store: EventStore, identity: StoreIdentity, registry: [UInt32: Address]) {
        self.store = store
        self.identity = identity
        self.registry = registry
    }

    /// What it holds. Throws where it can't be read.
    public func summary() async throws -> Summary {
        let figures = try await store.figures()
        return Summary(
            node: identity.number, key: identity.key, events: figures.events, messages: figures.messages,
            floor: figures.floor, left: await store.leftovers.count, fileBytes: try await store.fileBytes())
    }

    /// Looks through the whole store: every event's bytes, hash, receipt and originator's signature, every table against the
    /// others. The log key's signatures on heads are not checked again: which key was in force is not in the store.
    ///
    /// `progress` is told of each portion how many events it had. Throws where the store can't be read.
    public func check(progress: (Int) -> Void) async throws -> [StoreFault] {
        let registry = registry
        let faults = try await StoreCheck(
            store: store, rules: AdmissionRules(identity.genesis), key: { registry[$0] }, isTrusted: { _ in true }
        ).run(progress: progress)
        let floor = await store.floor
        guard let seal = await store.seal, let head = await store.newestHead else { return faults }
        let bound = RetentionFloor.day(
            time: head.head.time, sealedThrough: seal.notice.epoch, identity.genesis.epochs)
        return floor > bound ? faults + [.floor(stored: floor, bound: bound)] : faults
    }

    /// Deletes what has expired and is left, then writes the file anew without the room that is free in it. Needs as much room
    /// on the disk as the file will have. Throws where the disk is full or fails; then the store is as it was.
    public func compact() async throws {
        while try await store.evict(limit: 4_096) > 0 {}
        try await store.vacuum()
    }

    /// Writes the write-ahead log into the database file, so that it alone is the store. Throws where the disk fails.
    public func settle() async throws { try await store.settle() }

    /// Closes it.
    public func close() async { await store.close() }
}

extension EventStore {
    fileprivate func vacuum() throws(SQLiteFailure) {
        try database.script("VACUUM")
        try settle()
    }

    func settle() throws(SQLiteFailure) {
        _ = try database.rows("PRAGMA wal_checkpoint(TRUNCATE)") { $0.integer(0) }
    }

    fileprivate func fileBytes() throws(SQLiteFailure) -> UInt64 {
        let pages = try database.first("PRAGMA page_count") { row throws(SQLiteFailure) in try row.unsigned(0) } ?? 0
        return try pages
            * (database.first("PRAGMA page_size") { row throws(SQLiteFailure) in try row.unsigned(0) } ?? 0)
    }
}
