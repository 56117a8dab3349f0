import ArgumentParser
import AsyncHTTPClient
import Foundation
import Payer
import Primitives
import Storage

/// `feesvc explain`.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Account for every unit between an epoch's pool and an operator's share.",
        discussion: """
            What the pool is made of, what each observer measured (and why one did not), what was lost by which measure, the \
            part of the rest by stake, caps, penalties, what was claimed and what is outstanding. All sums are exact. The codes are \
            in docs/quickstart-operator.md. Of an epoch that is not sealed it shows what it would be if it ended now.

              feesvc explain --service http://127.0.0.1:8080 --operator 0x… --epoch 3
              feesvc explain --dir reports/epoch-0003 --operator 0x…
            """)

    @Option(help: "The operator's address.", transform: Self.address)
    var `operator`: Address
    @Option(help: "The epoch; with --dir that of the folder.")
    var epoch: UInt64?
    @Option(help: "Ask a fee service.")
    var service: String?
    @Option(help: "Read an exported epoch, which is audited first; or the folder that holds several.")
    var dir: String?
    @Option(help: "Read a service's database: a libpq connection string or URL.")
    var databaseUrl: String?
    @Option(help: "Read the database of a service that runs, by its data directory.")
    var dataDir: String?
    @Flag(help: "Print JSON.")
    var json = false

    private static func address(_ text: String) throws -> Address {
        guard let address = Address(hex: text.lowercased()) else {
            throw ValidationError("\(text) is no address; write 0x and 40 hex digits.")
        }
        return address
    }

    func validate() throws {
        guard [service, dir, databaseUrl, dataDir].compactMap({ $0 }).count == 1 else {
            throw ValidationError("Say where to look: --service, --dir, --database-url or --data-dir.")
        }
        guard epoch != nil || dir != nil else { throw ValidationError("Say of which --epoch.") }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            let body = try await explanation()
            guard !json else { return try ChannelOutput.json(body) }
            print(ExplanationText(body: body).text)
        }
    }

    private func explanation() async throws -> ExplanationBody {
        if let dir { return try explanation(in: dir) }
        let number = epoch ?? 0
        if let service { return try await Self.ask(service, "/v1/epochs/\(number)/explanations/\(`operator`.hex)") }
        let place = try dataDir.map { try PostgresCluster(directory: DataDirectory.absolute($0)).connectionString }
        let pool = PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: place ?? databaseUrl ?? "", maximumConnections: 1))
        do {
            let address = `operator`
            let body = try await pool.withTransaction(isolation: .readOnly) {
                try await ExplainSource.explain(address, epoch: number, $0)
            }
            await pool.close()
            return body
        } catch {
            await pool.close()
            throw error
        }
    }

    private func explanation(in path: String) throws -> ExplanationBody {
        var found: ExplanationBody?
        var audited: [UInt64] = []
        try DirectoryChain.audit(path) { audit in
            audited.append(audit.epoch)
            if epoch == nil || audit.epoch == epoch { found = try ExplainSource.explain(`operator`, in: audit) }
        }
        guard let found else {
            throw OperatorError("\(path) holds epochs \(audited), not epoch \(epoch ?? 0).")
        }
        return found
    }

    private static func ask(_ service: String, _ path: String) async throws -> ExplanationBody {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
        do {
            let body: ExplanationBody = try await JSONClient(http: http, base: service).get(path)
            try await http.shutdown()
            return body
        } catch {
            try? await http.shutdown()
            throw error
        }
    }
}
