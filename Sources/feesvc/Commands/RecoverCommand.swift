import ArgumentParser
import AsyncHTTPClient
import Channels
import Foundation
import Logging
import Payer
import Primitives
import Storage

/// `feesvc recover`.
struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Go on after the database was lost and no copy holds all that was shown.",
        discussion: """
            serve refuses to run on a database that lacks leaves of a head that it, a node or a receipt holds. Restore a newer \
            copy where there is one. Where there is none, this command finds the newest head that anybody holds, lists what \
            the nodes hold of the charges that are missing, and with --yes logs an act, signed by the admin key, that admits \
            the loss: later heads of before are withdrawn by it, and charge numbers that may have been given are left out.

            Then start serve. Payers' wallets see the act and give back what they hold (feesvc channel restore): vouchers with \
            their receipts, charged again at the same price under the same number, as long as their epoch is open. What nobody \
            brings stays lost. Send statements of the settlement again; nodes that are missing register again, in the order of \
            their numbers.

            Run it in place of serve, with the same --data-dir or --database-url.
            """)

    @Option(help: "Where keys and the service's own PostgreSQL cluster are kept.")
    var dataDir = "./feesvc-data"
    @Option(help: "A libpq connection string or URL of the PostgreSQL database to use.")
    var databaseUrl: String?
    @Option(help: "The admin key's file; by default keys/admin.key in the data directory.")
    var adminKey: String?
    @Option(parsing: .upToNextOption, help: "Receipt files of payers (JSON), whose heads are looked at as well.")
    var receipt: [String] = []
    @Flag(help: "Log the act; without this, only say what was lost.")
    var yes = false
    @Flag(help: "Print one JSON object.")
    var json = false
    @OptionGroup var passphrase: PassphraseOptions
    @OptionGroup var logging: LogOptions

    func run() async throws {
        try await Presentation.reportingErrors {
            guard databaseUrl != nil || FileManager.default.fileExists(atPath: dataDir + "/feesvc-service") else {
                throw OperatorError("\(dataDir) is no data directory of a service; say which with --data-dir.")
            }
            try DataDirectory.prepare(dataDir, kind: "service")
            let cluster =
                databaseUrl == nil ? try PostgresCluster(directory: DataDirectory.absolute(dataDir)) : nil
            do {
                try await cluster?.start()
                try await recover(cluster)
            } catch let error as AlreadyRunning {
                throw error  // the cluster is the service's
            } catch {
                await cluster?.stopIfStarted()
                throw error
            }
            await cluster?.stop()
        }
    }

    private func recover(_ cluster: PostgresCluster?) async throws {
        let configuration = PostgresConfiguration(
            connectionString: cluster?.connectionString ?? databaseUrl ?? "")
        let lock = AdvisoryLock(configuration: configuration)
        guard try await lock.tryAcquire(ServiceStart.lockKey) else {
            throw AlreadyRunning(place: databaseUrl == nil ? dataDir : "this database")
        }
        let pool = PostgresPool(configuration: configuration)
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
        do {
            let service = try await ServiceStart(
                dataDirectory: dataDir, options: try InstanceOptions.parse([]),
                admission: Admission(challengeWindow: 0, settlementHorizon: 0),
                terms: ChannelTerms(minimumDeposit: .zero), passphraseFile: passphrase.passphraseFile,
                logger: logging.logger("recover")
            )
            .open(existing: pool, configuration: configuration)
            try await recover(service, http: http)
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

    private func recover(_ service: FeeService, http: HTTPClient) async throws {
        let record = HeadRecord(directory: dataDir)
        let logger = logging.logger("recover")
        let check = RollbackCheck(service: service, record: record, http: http, logger: logger)
        guard let loss = try await check.lost(try receipt.map(Self.head)) else {
            let size = await service.state.tree.size
            guard json else { return print("Nothing is missing: no head is known beyond the log's \(size) leaves.") }
            return try ChannelOutput.json(RecoveryReport(size: size))
        }
        let held = try await LostCharges(service: service, http: http).held()
        var report = try await RecoveryReport(service.state, loss, held: held)
        if !json { report.show(Currency(service.genesis)) }
        guard yes else {
            if json { return try ChannelOutput.json(report) }
            return print("Nothing was changed; say --yes to go on without it.")
        }
        let key = try await passphrase.key(adminKey ?? DataDirectory.absolute(dataDir) + "/keys/admin.key")
        let logged = try await service.goOn(without: loss.head, shown: loss.time, adminKey: key)
        try record.keep(service.heads.end)
        report.rollback = logged.index
        guard !json else { return try ChannelOutput.json(report) }
        print("The log goes on from leaf \(logged.index), by an act that says so. Start serve now.")
    }

    /// The head of a payer's receipt file.
    private static func head(_ path: String) throws -> SignedHead {
        do {
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
            guard bytes.count <= ReceiptDocument.bytesMax else { throw OperatorError("it is too large") }
            return try Receipt(canonicalBytes: try ReceiptDocument(json: bytes).receipt.bytes).head
        } catch {
            throw OperatorError("\(path) is no receipt file: \(error)")
        }
    }
}

/// What `feesvc recover` found.
struct RecoveryReport: Encodable {
    /// How many leaves the log has.
    let size: UInt64
    /// How many it had shown; absent where nothing is missing.
    var lostSize: UInt64?
    /// When the newest head that was lost was signed, Unix seconds.
    var lostTime: UInt64?
    /// Who holds it.
    var holder: String?
    /// Charges that nodes hold and the log does not.
    var charges: Int?
    /// What they cost.
    var amount: Amount?
    /// The index of the act that goes on without them; absent where none was logged.
    var rollback: UInt64?

    init(size: UInt64) {
        self.size = size
    }

    init(_ state: LogState, _ loss: RollbackCheck.Loss, held: [Receipt]) throws {
        size = state.tree.size
        lostSize = loss.head.size
        lostTime = loss.time
        holder = loss.holder
        charges = held.count
        amount = try Amount.sum(held.map { try $0.charge.price.total })
    }

    func show(_ currency: Currency) {
        var lines = [("leaves here", "\(size)"), ("leaves shown", "\(lostSize ?? size), by \(holder ?? "nobody")")]
        if let lostTime { lines.append(("shown until", ChannelOutput.moment(lostTime))) }
        lines.append(("charges that nodes hold", "\(charges ?? 0), \(currency.both(amount ?? .zero))"))
        ChannelOutput.lines(lines)
    }
}

/// What the nodes hold of charges that a database lacks.
struct LostCharges {
    let service: FeeService
    let http: HTTPClient

    /// Receipts under heads of the lost history, one a charge, whatever node holds them.
    func held() async throws -> [Receipt] {
        let state = await service.state
        var found: [UInt64: Receipt] = [:]
        for node in try await service.nodes().map(\.node) {
            let client = JSONClient(http: http, base: "http://\(node.registration.httpEndpoint)", timeoutSeconds: 10)
            var above = state.chargeCount
            while let page: NodeReceiptsBody = try? await client.get("/v1/receipts?above=\(above)") {
                let receipts = page.receipts.compactMap { try? Receipt(canonicalBytes: $0.bytes) }
                for receipt in receipts where (try? receipt.check(state.keys)) != nil {
                    found[receipt.charge.number] = receipt
                }
                guard let last = receipts.map(\.charge.number).max(), last > above else { break }
                above = last
            }
        }
        return found.values.sorted { $0.charge.number < $1.charge.number }
    }
}
