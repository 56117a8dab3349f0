import ArgumentParser
import AsyncHTTPClient
import Channels
import Foundation
import Hummingbird
import Logging
import NIOCore
import Payer
import Primitives
import Rewards
import ServiceLifecycle
import Storage
import UnixSignals

/// `feesvc serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the fee service.",
        discussion: """
            Without --database-url it starts a PostgreSQL cluster of its own below the data directory (Unix socket only, fsync \
            on) and stops it at the end. An empty database becomes a new instance with the parameters given here; in one that \
            holds an instance they are left as they were.

            Keys that are made for a new instance lie in plain files of mode 0600, or encrypted where --passphrase-file names \
            a passphrase. Encrypted keys (feesvc key) are opened at the start with that file, or with what is typed.

            SIGTERM and SIGINT stop it: requests under way are finished, nothing acknowledged is lost.
            """)

    @Option(help: "Where keys, the service's lock and its own PostgreSQL cluster are kept.")
    var dataDir = "./feesvc-data"
    @Option(help: "A libpq connection string or URL of a PostgreSQL database to use.")
    var databaseUrl: String?
    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 takes a free one.")
    var port = 8080
    @Option(help: "Write host:port to this file once the service answers.")
    var addressFile: String?
    @Flag(help: "Take the time from signed acts instead of the system's clock, for replays.")
    var manualClock = false
    @Flag(help: .hidden)
    var untilStdinCloses = false
    /// What group commit is measured against.
    @Flag(help: .hidden)
    var oneVoucherATransaction = false
    @Option(help: "Seconds that vouchers must be valid beyond a close: the time to answer it.")
    var challengeWindow: UInt64 = 86_400
    @Option(help: "Seconds that vouchers must be valid beyond that: the time the settlement needs.")
    var settlementHorizon: UInt64 = 86_400
    @Option(help: "What a channel must be given before it takes vouchers, and the least withdrawal, in units.")
    var minimumDeposit = "1000000000"
    @Flag(help: "Wait while another service runs on the database, and take over when it ends or loses its lock.")
    var standby = false
    @OptionGroup var freeInputs: FreeInputOptions
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup(title: "New instance") var instance: InstanceOptions
    @OptionGroup var logging: LogOptions

    func validate() throws {
        for (name, found, allowed) in [
            ("--challenge-window", challengeWindow, ChannelTerms.challengeWindow),
            ("--settlement-horizon", settlementHorizon, ChannelTerms.settlementHorizon),
        ] where !allowed.contains(found) {
            throw ValidationError(
                "\(name) is \(found) seconds; it must be from \(allowed.lowerBound) to \(allowed.upperBound).")
        }
        guard Amount(decimal: minimumDeposit) != nil else {
            throw ValidationError(
                "--minimum-deposit is \(minimumDeposit); it must be a whole number of units below 2^128.")
        }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            let logger = logging.logger("serve")
            let cluster = try await startCluster()
            do {
                try await serve(logger, cluster: cluster)
                await cluster?.stop()
            } catch let error as AlreadyRunning {
                throw error  // the cluster is the other service's
            } catch {
                await cluster?.stop()
                throw error
            }
        }
    }

    /// Starts a cluster of the service's own where no database is named. A signal that comes meanwhile is heeded when that
    /// is done: what was begun is then undone.
    private func startCluster() async throws -> PostgresCluster? {
        try DataDirectory.prepare(dataDir, kind: "service")
        guard databaseUrl == nil else { return nil }
        let cluster = try PostgresCluster(directory: DataDirectory.absolute(dataDir))
        guard try await Self.start(cluster) else {
            await cluster.stop()
            throw CancellationError()
        }
        return cluster
    }

    /// Starts a cluster; `false` where a signal asks the service to end.
    private static func start(_ cluster: PostgresCluster) async throws -> Bool {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in signals { return true }
                return false
            }
            do {
                try await cluster.start()
            } catch {
                await cluster.stopIfStarted()
                throw error
            }
            group.cancelAll()
            return try await group.next() != true
        }
    }

    /// Takes the database's lock; a standby waits for it.
    private func acquire(_ lock: AdvisoryLock, logger: Logger) async throws -> Bool {
        if try await lock.tryAcquire(ServiceStart.lockKey) { return true }
        guard standby else { return false }
        logger.info("standing by: another service runs on this database")
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await _ in signals { throw CancellationError() }
                return false
            }
            group.addTask {
                while true {
                    // A database that is down for a while is no reason to give up standing by.
                    if (try? await lock.tryAcquire(ServiceStart.lockKey)) == true { return true }
                    try await Task.sleep(for: .milliseconds(500))
                }
            }
            defer { group.cancelAll() }
            return try await group.next() == true
        }
    }

    private func serve(_ logger: Logger, cluster: PostgresCluster?) async throws {
        let configuration = PostgresConfiguration(
            connectionString: cluster?.connectionString ?? databaseUrl ?? "")
        let lock = AdvisoryLock(configuration: configuration)
        guard try await acquire(lock, logger: logger) else {
            throw AlreadyRunning(place: databaseUrl == nil ? dataDir : "this database")
        }
        let pool = PostgresPool(configuration: configuration)
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
        do {
            let service = try await ServiceStart(
                dataDirectory: dataDir, options: instance,
                admission: Admission(challengeWindow: challengeWindow, settlementHorizon: settlementHorizon),
                terms: ChannelTerms(minimumDeposit: Amount(decimal: minimumDeposit) ?? .zero),
                passphraseFile: passphrase.passphraseFile, logger: logger
            )
            .open(pool: pool, configuration: configuration, isClockManual: manualClock)
            let record = HeadRecord(directory: dataDir)
            try await RollbackCheck(service: service, record: record, http: http, logger: logger).run()
            try await service.finishRollback()
            try await service.recallChannels()
            try await runServices(service, record: record, lock: lock, cluster: cluster, http: http, logger: logger)
            await service.close()
        } catch {
            try? await http.shutdown()
            await pool.close()
            await lock.close()
            throw error
        }
        try await http.shutdown()
        await pool.close()
        await lock.close()
    }

    private func runServices(
        _ service: FeeService, record: HeadRecord, lock: AdvisoryLock, cluster: PostgresCluster?, http: HTTPClient,
        logger: Logger
    ) async throws {
        let collector = StatementCollector(service: service, http: http, logger: logger)
        let routes = ServiceRoutes(
            service: service, pipeline: VoucherPipeline(service, isGrouping: !oneVoucherATransaction),
            collector: collector, freeInputs: freeInputs.budget)
        let server = HTTPServer(
            responder: MethodResponder(routes.router()), host: host, port: port, option: "--port",
            addressFile: addressFile, isBehindProxy: freeInputs.behindProxy,
            logger: logger)
        var services: [any Service] = [
            LockWatch(lock: lock, service: service, cluster: cluster, logger: logger),
            HeadKeeper(record: record, heads: service.heads, logger: logger),
            DeadlineWorker(service: service, collector: collector, logger: logger), server,
        ]
        if untilStdinCloses { services.append(StandardInputWatch()) }
        try await ServiceRun.run(services, logger: logger)
    }
}

/// A second service was started on a database.
struct AlreadyRunning: Error, CustomStringConvertible {
    let place: String

    var description: String { "Another feesvc service runs on \(place); stop it first." }
}

/// What a new instance is made of.
struct InstanceOptions: ParsableArguments {
    /// Into which shards topics fall; `nil` where there can't be so many.
    var sharding: Sharding? {
        Sharding(bits: UInt8(clamping: max(1, shards).trailingZeroBitCount), replication: replication)
    }

    @Option(help: "The chain id of signatures.")
    var chainId: UInt64 = 31_337
    @Option(help: "The currency's code.")
    var currency = "USD"
    @Option(help: "When the first epoch begins, Unix seconds; default: the last UTC midnight.")
    var start: UInt64?
    @Option(help: "The length of an epoch in seconds.")
    var epochLength: UInt64 = 604_800
    @Option(help: "How pools are split, until feesvc admin ruleset: 1, alike, or 2, by stake (docs/protocol.md §8).")
    var ruleset: UInt32 = 1
    @Option(help: "Into how many shards topics fall: a power of two up to 4096. Fixed for good.")
    var shards = 1
    @Option(help: "By how many nodes each shard is held, chosen by stake; 0: by all. Fixed for good.")
    var replication: UInt16 = 0
    @Option(help: "The base fee of a message, in units.")
    var messageFee = "38500000"
    @Option(help: "The storage fee of a byte and day, in units.")
    var storageFee = "22"
    @Option(help: "The fee for each of up to 100 units of congestion, in units; goes with --target-per-minute.")
    var congestionFee = "0"
    @Option(help: "Messages a minute up to which there is no congestion; 0 for none at any rate.")
    var targetPerMinute: UInt32 = 0
    @Option(help: "Postage, in units.")
    var postage = "1000000000"
    @Option(help: "For how long postage can be given back, in seconds.")
    var postageWindow: UInt64 = 259_200
    @Option(help: "The fewest days of storage.")
    var retentionMin: UInt32 = 2
    @Option(help: "The most days of storage.")
    var retentionMax: UInt32 = 365

    func validate() throws {
        guard Ruleset(genesis: ruleset) != nil else {
            throw ValidationError("--ruleset is \(ruleset); there are 1 and 2.")
        }
        guard shards > 0, shards.nonzeroBitCount == 1, sharding != nil else {
            throw ValidationError("--shards is \(shards); it must be a power of two from 1 to 4096.")
        }
        guard (60...UInt64(366 * 86_400)).contains(epochLength) else {
            throw ValidationError("--epoch-length is \(epochLength) seconds; it must be from 60 to 31622400.")
        }
        for (name, text) in [
            ("--message-fee", messageFee), ("--storage-fee", storageFee), ("--congestion-fee", congestionFee),
            ("--postage", postage),
        ] where Amount(decimal: text) == nil {
            throw ValidationError("\(name) is \(text); it must be a whole number of units below 2^128.")
        }
        guard (Amount(decimal: congestionFee) == .zero) == (targetPerMinute == 0) else {
            throw ValidationError("--congestion-fee and --target-per-minute go together: both above 0, or neither.")
        }
    }
}
