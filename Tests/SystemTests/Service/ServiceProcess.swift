import Channels
import Foundation
import Primitives
import Testing

#if canImport(Glibc)
import Glibc
#endif

/// `feesvc serve` on a data directory of a test's own.
struct ServiceProcess {
    let program: Program
    let client: HTTPConversation
    /// The log's parameters, as the service tells them.
    let genesis: Genesis
    /// The schedule in force.
    let schedule: FeeSchedule
    /// The key that the embedded settlement signs with.
    let settlement: SecretKey

    /// What `GET /v1/parameters` answers.
    private struct Parameters: Decodable {
        let genesis: String
        let schedule: String
    }

    /// Starts the service and waits until it answers.
    static func start(in workshop: Workshop, _ options: [String] = []) async throws -> ServiceProcess {
        let address = workshop("address")
        try? FileManager.default.removeItem(atPath: address)
        let program = try workshop.start(
            ["serve", "--data-dir", workshop("data"), "--port", "0", "--address-file", address] + options,
            named: "serve")
        try await program.wait(seconds: 60, until: "it answers") { Leftovers.exists(address) }
        let bound = try String(contentsOfFile: address, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let client = HTTPConversation(base: "http://\(bound)")
        let parameters = try await client.get("/v1/parameters").decoded(as: Parameters.self)
        return ServiceProcess(
            program: program, client: client,
            genesis: try Genesis(canonicalBytes: try bytes(parameters.genesis)),
            schedule: try FeeSchedule(canonicalBytes: try bytes(parameters.schedule)),
            settlement: try key(workshop("data/keys/settlement.key")))
    }

    /// Stops it as an operator does, and expects it to take its PostgreSQL with it.
    func stop(in workshop: Workshop) async throws {
        program.send(SIGTERM)
        let status = try await program.wait(seconds: 30)
        #expect(status == 0, "\(program.errors)")
        #expect(workshop.processes == [])
        #expect(workshop.temporaryFiles == [])
    }

    /// The domain of every signature of this instance.
    var domain: EIP712Domain { genesis.domain }

    private static func bytes(_ hex: String) throws -> [UInt8] {
        guard let bytes = Hex.decode(hex) else { throw Overdue(description: "\(hex) is no hex") }
        return bytes
    }

    private static func key(_ path: String) throws -> SecretKey {
        let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        guard let bytes = Hex.decode(text), let key = SecretKey(bytes) else {
            throw Overdue(description: "\(path) holds no key")
        }
        return key
    }
}
