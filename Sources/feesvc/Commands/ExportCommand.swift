import ArgumentParser
import Foundation
import Storage

/// `feesvc export`.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write an epoch's report: tables as CSV and JSON, and what an audit needs.",
        discussion: "The same epoch gives the same bytes whenever it is exported. Check the folder with feesvc audit.")

    @Option(help: "A libpq connection string or URL of the service's database.")
    var databaseUrl: String?
    @Option(help: "The epoch; default: every sealed one.")
    var epoch: UInt64?
    @Option(help: "The folder to write to.")
    var out = "./reports"

    func run() async throws {
        try await Presentation.reportingErrors {
            guard let database = databaseUrl else {
                throw OperatorError("Say which database to read: --database-url or FEESVC_DATABASE_URL.")
            }
            let pool = PostgresPool(configuration: PostgresConfiguration(connectionString: database))
            do {
                for path in try await Self.export(pool, epoch: epoch, out: out) { print(path) }
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    /// Exports one epoch, or every sealed one; returns the folders.
    static func export(_ pool: PostgresPool, epoch: UInt64?, out: String) async throws -> [String] {
        try await pool.withTransaction(isolation: .readOnly) { transaction in
            var numbers = epoch.map { [$0] } ?? []
            if epoch == nil {
                numbers = try await EpochStore(transaction).all().filter { $0.result != nil }.map(\.number)
            }
            var paths: [String] = []
            for number in numbers {
                paths.append(try await EpochExport(transaction, epoch: number).write(under: out))
            }
            return paths
        }
    }
}
