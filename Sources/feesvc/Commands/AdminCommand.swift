import ArgumentParser
import AsyncHTTPClient
import Channels
import Payer
import Primitives

/// `feesvc admin`.
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Order what only the admin key may order.",
        discussion: "Without --yes a command shows what it would order and changes nothing.",
        subcommands: [
            AdminScheduleCommand.self, AdminPauseCommand.self, AdminResumeCommand.self, AdminRotateCommand.self,
            AdminCloseCommand.self, AdminRulesetCommand.self, AdminCorrectCommand.self,
        ])
}

/// Which service, whose key, and whether it is meant.
struct AdminOptions: ParsableArguments {
    @Option(help: "The fee service.")
    var service = "http://127.0.0.1:8080"
    @Option(help: "The admin key's file.")
    var adminKey = "./feesvc-data/keys/admin.key"
    @OptionGroup var passphrase: PassphraseOptions
    @Flag(help: "Order it; without this, only say what would be ordered.")
    var yes = false

    /// Speaks to the service.
    func connect(_ body: (AdminConnection) async throws -> Void) async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
        do {
            try await body(AdminConnection(http: http, options: self))
        } catch {
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
    }
}

/// A service that acts are sent to, with the key that signs them.
struct AdminConnection {
    let service: ServiceConnection
    /// The nonce of the newest act.
    let nonce: UInt64
    /// Whether charging is paused.
    let isPaused: Bool
    private let key: SecretKey
    private let isMeant: Bool

    init(http: HTTPClient, options: AdminOptions) async throws {
        key = try await options.passphrase.key(options.adminKey)
        service = try await ServiceConnection(http: http, url: options.service)
        let state: AdminStateBody = try await service.client.get("/v1/admin/acts")
        guard state.adminKey == key.address else {
            throw OperatorError(
                "\(options.adminKey) holds the key of \(key.address.checksummed); the service takes acts of "
                    + "\(state.adminKey.checksummed).")
        }
        nonce = state.nonce
        isPaused = state.paused
        isMeant = options.yes
    }

    /// Orders something and says what was done; without `--yes` says that nothing was.
    func order(_ order: AdminOrder, opening: CommitmentOpening? = nil, done: String) async throws {
        guard isMeant else { return print("Nothing was ordered; say --yes to order it.") }
        let act = AdminAct(order, nonce: nonce + 1)
        let body = AdminActBody(
            act, signature: key.sign(service.domain.digest(of: act.statement)), opening: opening)
        let head: HeadBody = try await service.client.post("/v1/admin/acts", body)
        print("\(done) The log has \(try head.signed.head.size) leaves now.")
    }
}
