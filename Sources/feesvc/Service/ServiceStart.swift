import Channels
import Foundation
import Logging
import Migrations
import Primitives
import Storage

/// Brings a service up on its database: migrations, keys, the instance.
struct ServiceStart {
    /// The advisory lock that keeps a second service off a database: "feesvc" in ASCII.
    static let lockKey: Int64 = 0x6665_6573_7663

    let dataDirectory: String
    let options: InstanceOptions
    let admission: Admission
    let terms: ChannelTerms
    /// The file of the passphrase of encrypted keys; keys that are made here are then encrypted with it.
    var passphraseFile: String?
    let logger: Logger

    /// Opens the service on a database that holds an instance, and makes none.
    func open(existing pool: PostgresPool, configuration: PostgresConfiguration) async throws -> FeeService {
        let tables = try await pool.query("SELECT to_regclass('instance') IS NOT NULL AS is_there")
        guard try tables.first?.bool("is_there") == true,
            try await !pool.query("SELECT FROM instance").isEmpty
        else { throw OperatorError("This database holds no instance; there is nothing to recover.") }
        return try await open(pool: pool, configuration: configuration, isClockManual: false)
    }

    /// Migrates, creates the instance where there is none, and opens the service.
    func open(
        pool: PostgresPool, configuration: PostgresConfiguration, isClockManual: Bool
    ) async throws -> FeeService {
        let migrations = Migrations.all.enumerated().map { place, migration in
            Migration(number: place + 1, name: String(migration.name.dropFirst(5)), sql: migration.sql)
        }
        let applied = try await MigrationRunner(migrations: migrations, sha256: { SHA256.hash($0).bytes })
            .run(configuration)
        for migration in applied { logger.info("migrated", metadata: ["migration": "\(migration.fileName)"]) }

        let keys = dataDirectory + "/keys"
        try FileManager.default.createDirectory(
            atPath: keys, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        if try await pool.withTransaction({ try await LogStore($0).state() }) == nil {
            try await create(
                pool, log: try await key(keys + "/log.key"), settlement: try await key(keys + "/settlement.key"),
                admin: try await key(keys + "/admin.key"))
        }
        // Whoever wrote before and does not know yet that it lost its lock can write no more from here on.
        let state = try await pool.withTransaction { transaction in
            try await InstanceStore(transaction).takeOver()
            return try await LogStore(transaction).state()
        }
        guard let state else { throw StorageCorruption("the instance that was just created is gone") }
        let folder = KeyFolder(path: keys, passphraseFile: passphraseFile)
        try await folder.open(state.key(of: .log), isAttended: true)
        let logKey = try folder.key(of: state.key(of: .log))
        let clock = isClockManual ? ServiceClock.manual(startingAt: state.time) : .system
        var single = configuration
        single.maximumConnections = 1
        return FeeService(
            pool: pool, writer: PostgresPool(configuration: single), clock: clock, keys: folder,
            logKey: logKey,
            admission: admission, terms: terms, state: state, logger: logger)
    }

    private func create(_ pool: PostgresPool, log: SecretKey, settlement: SecretKey, admin: SecretKey) async throws {
        let start = options.start ?? UTCDay(containing: ServiceClock.system.now).start
        let genesis = Genesis(
            chainID: Bytes32(integer: UInt128(options.chainId)), verifyingContract: settlement.address,
            logKey: log.address, settlementKey: settlement.address, adminKey: admin.address,
            currency: options.currency, ledgerScale: 12, settlementScale: 6, start: start,
            epochSeconds: options.epochLength, ruleset: options.ruleset,
            sharding: options.sharding ?? .none)
        let schedule = FeeSchedule(
            version: 1, effectiveFrom: start, base: amount(options.messageFee),
            storagePerByteDay: amount(options.storageFee), congestionUnit: amount(options.congestionFee),
            targetPerMinute: options.targetPerMinute,
            postage: amount(options.postage), postageWindow: options.postageWindow,
            retentionDaysMin: options.retentionMin, retentionDaysMax: options.retentionMax,
            bytesMax: UInt32(EnvelopeHead.payloadBytesMax))
        do throws(ScheduleRefusal) {
            try ScheduleBounds(ledgerScale: genesis.ledgerScale).check(schedule)
        } catch {
            throw OperatorError("No instance is made with these fees: \(error.detail)")
        }
        var generator = SystemRandomNumberGenerator()
        let salt = Bytes32((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }) ?? .zero
        try await pool.withTransaction { transaction in
            try await InstanceStore(transaction).create(genesis: genesis, schedule: schedule, saltSecret: salt) {
                log.sign(genesis.domain.digest(of: $0.statement))
            }
        }
        logger.info("instance created", metadata: ["log.id": "\(genesis.logID)", "start": "\(start)"])
    }

    private func key(_ path: String) async throws -> SecretKey {
        try await KeyFile.readOrCreate(path, passphraseFile: passphraseFile, logger: logger)
    }

    private func amount(_ text: String) -> Amount { Amount(decimal: text) ?? .zero }
}
