import ArgumentParser
import Channels
import Foundation
import Ledger
import Logging
import Migrations
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// A fee service on a database of its own, with a manual clock: epochs of four days from 2024-01-01.
struct ServiceFixture {
    static let start: UInt64 = 1_704_067_200
    static let epochLength: UInt64 = 4 * UTCDay.seconds

    /// Too little for a channel to open with.
    static let minimumDeposit: Amount = 1_000

    let service: FeeService
    let pool: PostgresPool
    let settlement: SecretKey
    let admin: SecretKey
    let directory: String
    let configuration: PostgresConfiguration
    private let options: [String]

    /// What a test lacks when there is no server to test against.
    struct NoServer: Error, CustomStringConvertible {
        var description: String {
            "FEESVC_TEST_DATABASE is not set: run script/test, which starts a PostgreSQL for the tests."
        }
    }

    /// Runs `body` with a service on a fresh database, which is dropped afterwards.
    ///
    /// - Parameter options: Further options of the new instance, as `feesvc serve` takes them.
    static func run(_ options: [String] = [], _ body: (ServiceFixture) async throws -> Void) async throws {
        guard let server = ProcessInfo.processInfo.environment["FEESVC_TEST_DATABASE"] else { throw NoServer() }
        let name = "feesvc_" + UUID().uuidString.lowercased().replacing("-", with: "_")
        let admin = PostgresPool(configuration: PostgresConfiguration(connectionString: server, maximumConnections: 1))
        try await admin.execute("CREATE DATABASE \(unescaped: name)")
        let directory = "/tmp/\(name)"
        var failure: (any Error)?
        do {
            let configuration = PostgresConfiguration(
                connectionString: server.replacing("dbname=postgres", with: "dbname=\(name)"), maximumConnections: 4)
            let fixture = try await open(configuration, directory: directory, options)
            do {
                try await body(fixture)
            } catch {
                failure = error
            }
            await fixture.pool.close()
        } catch {
            failure = failure ?? error
        }
        try await admin.execute("DROP DATABASE \(unescaped: name) WITH (FORCE)")
        await admin.close()
        try? FileManager.default.removeItem(atPath: directory)
        if let failure { throw failure }
    }

    /// Opens a service on a database, a new instance or the one that is there.
    static func open(
        _ configuration: PostgresConfiguration, directory: String, _ further: [String] = []
    ) async throws -> ServiceFixture {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let options = try InstanceOptions.parse(["--start", "\(start)", "--epoch-length", "\(epochLength)"] + further)
        let pool = PostgresPool(configuration: configuration)
        let service = try await ServiceStart(
            dataDirectory: directory, options: options,
            admission: Admission(challengeWindow: 86_400, settlementHorizon: 86_400),
            terms: ChannelTerms(minimumDeposit: minimumDeposit),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).open(pool: pool, configuration: configuration, isClockManual: true)
        return ServiceFixture(
            service: service, pool: pool, settlement: try KeyFile.readPlain(directory + "/keys/settlement.key"),
            admin: try KeyFile.readPlain(directory + "/keys/admin.key"),
            directory: directory, configuration: configuration, options: further)
    }

    /// The same service after a restart.
    func reopened() async throws -> ServiceFixture {
        await pool.close()
        return try await Self.open(configuration, directory: directory, options)
    }

    /// Ends what this fixture has open.
    func close() async {
        await service.close()
        await pool.close()
    }

    /// Copies the database as it is, and runs `body` with this service, reopened, and what opens one on the copy. The service
    /// is closed afterwards by `body`.
    func withCopy(
        _ body: (_ newer: ServiceFixture, _ older: () async throws -> ServiceFixture) async throws -> Void
    ) async throws {
        let server = try #require(ProcessInfo.processInfo.environment["FEESVC_TEST_DATABASE"])
        let name = try #require(configuration.connectionString.split(separator: "dbname=").last.map(String.init))
        let copy = name + "_copy"
        await close()
        let copier = PostgresPool(configuration: PostgresConfiguration(connectionString: server, maximumConnections: 1))
        try await copier.execute("CREATE DATABASE \(unescaped: copy) TEMPLATE \(unescaped: name)")
        var failure: (any Error)?
        do {
            try await body(try await reopened()) {
                let configuration = PostgresConfiguration(
                    connectionString: server.replacing("dbname=postgres", with: "dbname=\(copy)"),
                    maximumConnections: 4)
                return try await Self.open(configuration, directory: directory, options)
            }
        } catch {
            failure = error
        }
        try await copier.execute("DROP DATABASE \(unescaped: copy) WITH (FORCE)")
        await copier.close()
        if let failure { throw failure }
    }

    // MARK: Money and time

    /// Opens a channel for `key` and deposits.
    func channel(_ key: SecretKey, deposit: Amount) async throws -> Bytes32 {
        let opening = OpenChannel(payer: key.address, signer: key.address, opening: SHA256.hash(key.address.bytes))
        let id = opening.channelID(in: service.domain)
        _ = try await service.open(opening, signature: key.sign(id))
        try await self.deposit(deposit, to: id, reference: SHA256.hash(id.bytes))
        return id
    }

    func deposit(_ amount: Amount, to channel: Bytes32, reference: Bytes32) async throws {
        let deposit = Deposit(channelID: channel, amount: amount, reference: reference)
        try await service.credit(deposit, signature: settlement.sign(service.domain.digest(of: deposit)))
    }

    /// Moves the clock and does what is due.
    func advance(to time: UInt64) async throws {
        service.clock.move(to: time)
        try await service.doWhatIsDue()
    }

    func balance(_ account: LedgerAccount) async throws -> Amount {
        try await service.read { try await NodeStore($0).balance(of: account) }
    }

    /// Custody and the sum of all other accounts.
    func conservation() async throws -> (custody: Amount, liabilities: Amount) {
        let totals = try await service.read { try await ReportStore($0).totals(before: UInt64(Int64.max)) }
        return try Balances(totals: totals).conservation()
    }

    /// Has the admin key order something; nobody is asked for statements.
    func order(_ order: AdminOrder, nonce: UInt64) async throws {
        let act = AdminAct(order, nonce: nonce)
        try await service.execute(act, admin.sign(service.domain.digest(of: act.statement)))
    }

    // MARK: Vouchers

    /// An envelope of 1,024 bytes for 60 days.
    func envelope(_ label: String, topic: Topic) -> Envelope {
        let day = UTCDay(containing: service.clock.now).number + 60
        return Envelope(
            topic: topic.id, expiryDay: UTCDay(number: day), salt: SHA256.hash(Array(label.utf8)),
            payload: [UInt8](repeating: 7, count: 1_024), shardBits: service.genesis.sharding.bits)
    }

    func item(_ envelope: Envelope, postage: Amount = .zero) -> Item {
        Item(
            envelopeHash: envelope.hash, bytes: envelope.head.payloadBytes, expiryDay: envelope.head.expiryDay,
            postage: postage, maxFee: 2_000_000_000)
    }

    func voucher(
        _ items: [Item], channel: Bytes32, key: SecretKey, sequence: UInt64, ceiling: Amount,
        domain: EIP712Domain? = nil
    ) -> SignedVoucher {
        let voucher = Voucher(
            channelID: channel, lane: 0, sequence: sequence, cumulativeAmount: ceiling,
            validUntil: service.clock.now + 10 * UTCDay.seconds, itemsHash: Item.hash(of: items))
        return SignedVoucher(
            voucher: voucher, items: items, signature: key.sign((domain ?? service.domain).digest(of: voucher)))
    }

    /// Pays and returns the receipts.
    func pay(_ voucher: SignedVoucher) async throws -> [Receipt] {
        let decision = try await decide([voucher])[0]
        return try await service.receiptDesk.receipts(for: try decision.get()).receipts.map(\.receipt)
    }

    /// Screens vouchers and decides on those that pass, as a request does.
    func decide(_ vouchers: [SignedVoucher]) async throws -> [VoucherDecision] {
        let screened = try await VoucherScreen(service).screen(vouchers)
        var decided = try await service.accept(screened.compactMap { try? $0.get() })[...]
        return screened.map { result in
            switch result {
            case .success: decided.removeFirst()
            case .failure(let refusal): .failure(refusal)
            }
        }
    }

    /// What a channel has left to spend.
    func available(_ channel: Bytes32) async throws -> Amount {
        try await service.read { try await ChannelStore($0).channel(channel)?.state.available ?? .zero }
    }

    // MARK: Nodes

    static func operatorKey(_ number: Int) -> SecretKey { SecretKey(seed: 9, label: "operator/\(number)") }
    static func nodeKey(_ number: Int) -> SecretKey { SecretKey(seed: 9, label: "node/\(number)") }

    /// Registers nodes 1 … `count` with a stake of 1,000 units each.
    func registerNodes(_ count: Int) async throws { try await registerNodes(1...count) }

    /// Registers some nodes as the next ones.
    func registerNodes(_ numbers: ClosedRange<Int>) async throws {
        for number in numbers {
            let key = Self.operatorKey(number)
            let stake = StakeDeposit(
                operatorAddress: key.address, amount: 1_000, reference: SHA256.hash(key.address.bytes))
            try await service.credit(stake, signature: settlement.sign(service.domain.digest(of: stake)))
            let registration = RegisterNode(
                operatorAddress: key.address, nodeKey: Self.nodeKey(number).address, payout: key.address, stake: 1_000,
                peerEndpoint: "127.0.0.1:\(1_000 + number)", httpEndpoint: "127.0.0.1:\(2_000 + number)")
            let digest = service.domain.digest(of: registration)
            _ = try await service.register(
                registration, operatorSignature: key.sign(digest), nodeSignature: Self.nodeKey(number).sign(digest))
        }
    }

    /// Has every node of 1 … `count` report that all others answered and passed everything.
    func observeAll(_ count: Int, epoch: UInt64) async throws {
        for observer in 1...count {
            let subjects = (1...count).filter { $0 != observer }.map {
                Observation.Subject(
                    node: UInt32($0), probes: 4, answered: 4, challenges: 8, passed: 8, firstDelivered: 0,
                    bytesServed: 0)
            }
            let observation = Observation(epoch: epoch, observer: UInt32(observer), subjects: subjects)
            try await service.take(
                observation: observation.canonicalBytes,
                signature: Self.nodeKey(observer).sign(service.domain.digest(of: observation.statement)))
        }
    }

    /// Has a node report which charges of an epoch it holds.
    func deliver(_ charges: [UInt64], epoch: UInt64, node: Int) async throws {
        let delivered = Delivered(epoch: epoch, node: UInt32(node), charges: ChargeRuns(ascending: charges))
        try await service.take(
            delivered: delivered.canonicalBytes,
            signature: Self.nodeKey(node).sign(service.domain.digest(of: delivered.statement)))
    }
}
