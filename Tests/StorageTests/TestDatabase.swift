import FoundationEssentials
import Storage

/// Why a test against PostgreSQL cannot run.
struct TestDatabaseUnavailable: Error, CustomStringConvertible {
    let description =
        "FEESVC_TEST_DATABASE is not set: run script/test, which starts a scratch PostgreSQL for the tests"
}

/// Runs a test with an empty database of its own on the scratch server, and drops it afterwards.
///
/// The body gets a configuration for that database; connections it leaves open are ended.
func withTestDatabase<Value>(_ body: (PostgresConfiguration) async throws -> Value) async throws -> Value {
    guard let server = ProcessInfo.processInfo.environment["FEESVC_TEST_DATABASE"], !server.isEmpty else {
        throw TestDatabaseUnavailable()
    }
    let name = "test_\(String(UInt64.random(in: .min ... .max), radix: 16))"
    let admin = try await PostgresConnection.connect(PostgresConfiguration(connectionString: server))
    try await admin.executeScript("CREATE DATABASE \(name)")
    let outcome: Result<Value, any Error>
    do {
        let database = connectionString(server, database: name)
        outcome = .success(try await body(PostgresConfiguration(connectionString: database, maximumConnections: 4)))
    } catch {
        outcome = .failure(error)
    }
    try await admin.executeScript("DROP DATABASE \(name) WITH (FORCE)")
    await admin.close()
    return try outcome.get()
}

/// Runs a test with one connection to an empty database of its own.
func withTestConnection<Value>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
    try await withTestDatabase { configuration in
        let connection = try await PostgresConnection.connect(configuration)
        let value = try await body(connection)
        await connection.close()
        return value
    }
}

/// The connection string with another database: of a repeated option libpq takes the last.
private func connectionString(_ server: String, database: String) -> String {
    guard server.contains("://") else { return "\(server) dbname=\(database)" }
    return server + (server.contains("?") ? "&" : "?") + "dbname=\(database)"
}
