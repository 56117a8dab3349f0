import Channels
import FoundationEssentials
import Primitives

/// To whom a store belongs; it is never opened for anybody else.
struct StoreIdentity: Hashable, Sendable {
    let domainSeparator: Bytes32
    let logID: Bytes32
    let number: UInt32
    let key: Address
    let genesis: Genesis

    init(_ genesis: Genesis, number: UInt32, key: Address) {
        domainSeparator = genesis.domain.separator
        logID = genesis.logID
        self.number = number
        self.key = key
        self.genesis = genesis
    }

    init(_ configuration: NodeConfiguration) {
        self.init(configuration.genesis, number: configuration.number, key: configuration.key.address)
    }
}

/// Opens a data directory: makes it where there is none, and refuses another's.
enum StoreOpening {
    static func open(directory: String, identity: StoreIdentity) throws(NodeError) -> SQLiteDatabase {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw .directoryUnusable(directory: directory, reason: "it can't be made")
        }
        do {
            let database = try SQLiteDatabase(path: directory + "/" + StoreSchema.fileName)
            let isNew = try !database.exists("SELECT 1 FROM sqlite_master", [])
            // Another's file is left exactly as it was found: it is looked at before anything is set.
            if !isNew { try check(database, directory: directory, identity: identity) }
            try database.script(StoreSchema.pragmas)
            if isNew { try create(in: database, identity: identity) }
            return database
        } catch let error as NodeError {
            throw error
        } catch let failure as SQLiteFailure {
            throw failure.nodeError(directory: directory)
        } catch {
            throw .storeFailed(directory: directory, reason: "\(error)", isDiskFull: false)
        }
    }

    /// Whether there is a store in a directory, of whomever.
    static func exists(in directory: String) -> Bool {
        FileManager.default.fileExists(atPath: directory + "/" + StoreSchema.fileName)
    }

    /// Opens the store in a directory for whomever it belongs to, which it says itself; none is made.
    static func reopen(directory: String) throws(NodeError) -> (SQLiteDatabase, StoreIdentity) {
        let path = directory + "/" + StoreSchema.fileName
        guard exists(in: directory) else {
            throw .directoryUnusable(directory: directory, reason: "it holds no \(StoreSchema.fileName)")
        }
        do {
            let database = try SQLiteDatabase(path: path)
            // Who has it open is told apart from what it is.
            _ = try database.exists("SELECT 1 FROM sqlite_master", [])
            guard let bytes = try? database.meta(.genesis), let genesis = try? Genesis(canonicalBytes: bytes),
                let node = try? database.meta(.node)
            else { throw NodeError.notAStore(directory: directory) }
            var reader = WireReader(node)
            guard let number = try? reader.uint32(), let raw = try? reader.raw(20), let key = Address(raw) else {
                throw NodeError.notAStore(directory: directory)
            }
            let identity = StoreIdentity(genesis, number: number, key: key)
            try check(database, directory: directory, identity: identity)
            try database.script(StoreSchema.pragmas)
            return (database, identity)
        } catch let error as NodeError {
            throw error
        } catch let failure as SQLiteFailure {
            throw failure.nodeError(directory: directory)
        } catch {
            throw .storeFailed(directory: directory, reason: "\(error)", isDiskFull: false)
        }
    }

    private static func create(in database: SQLiteDatabase, identity: StoreIdentity) throws(SQLiteFailure) {
        try database.transaction { () throws(SQLiteFailure) in
            try database.script(StoreSchema.tables)
            var format = WireWriter()
            format.append(UInt64(StoreSchema.format))
            try database.setMeta(.format, format.bytes)
            var network = WireWriter()
            network.append(identity.domainSeparator)
            network.append(identity.logID)
            try database.setMeta(.network, network.bytes)
            var node = WireWriter()
            node.append(identity.number)
            node.append(raw: identity.key.bytes)
            try database.setMeta(.node, node.bytes)
            try database.setMeta(.genesis, identity.genesis.canonicalBytes)
            // Where every node holds everything, nothing has to be assigned first.
            if identity.genesis.sharding.replication == 0 {
                for shard in identity.genesis.sharding.all { try EventStore.hold(shard, in: database) }
            }
        }
    }

    private static func check(_ database: SQLiteDatabase, directory: String, identity: StoreIdentity) throws {
        guard
            let format = try? database.meta(.format), let network = try? database.meta(.network),
            let node = try? database.meta(.node)
        else { throw NodeError.notAStore(directory: directory) }
        do {
            var reader = WireReader(format)
            let found = try reader.uint64()
            guard found == UInt64(StoreSchema.format) else {
                throw NodeError.storeFormat(
                    directory: directory,
                    found: found,
                    supported: UInt64(StoreSchema.format)
                )
            }
            reader = WireReader(network)
            let separator = try reader.bytes32()
            let logID = try reader.bytes32()
            guard separator == identity.domainSeparator, logID == identity.logID else {
                throw NodeError.otherNetwork(directory: directory, found: logID, expected: identity.logID)
            }
            reader = WireReader(node)
            let number = try reader.uint32()
            guard let key = Address(try reader.raw(20)) else { throw NodeError.notAStore(directory: directory) }
            guard number == identity.number, key == identity.key else {
                throw NodeError.otherNode(
                    directory: directory,
                    found: number,
                    foundKey: key,
                    expected: identity.number,
                    expectedKey: identity.key
                )
            }
        } catch is FrameError {
            throw NodeError.notAStore(directory: directory)
        }
    }
}

extension SQLiteFailure {
    /// The failure as the node's operator sees it.
    func nodeError(directory: String) -> NodeError {
        if isBusy { return .directoryInUse(directory: directory) }
        if isNotADatabase { return .notAStore(directory: directory) }
        if isCantOpen { return .directoryUnusable(directory: directory, reason: message) }
        return .storeFailed(directory: directory, reason: message, isDiskFull: isDiskFull)
    }
}

/// The single values of a store.
enum MetaName: String {
    case format
    case network
    case node
    case head
    case probed
    case genesis
    case floor
    case seal
    case members
    case signed
}

extension SQLiteDatabase {
    func meta(_ name: MetaName) throws(SQLiteFailure) -> [UInt8]? {
        try first("SELECT value FROM meta WHERE name = '\(name.rawValue)'") { $0.blob(0) }
    }

    func setMeta(_ name: MetaName, _ value: [UInt8]) throws(SQLiteFailure) {
        try run("INSERT OR REPLACE INTO meta(name, value) VALUES('\(name.rawValue)', ?)", [.blob(value)])
    }
}
