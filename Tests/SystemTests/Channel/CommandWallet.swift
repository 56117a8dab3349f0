import Foundation
import Primitives
import Testing

/// A wallet that a test works with through `feesvc channel` alone.
struct CommandWallet {
    /// What `pay --json` prints.
    struct Paid: Decodable {
        let charge: UInt64
        let total: Amount
        let receiptFile: String
        let resumed: Bool
        let available: Amount?
    }

    /// What `status --json` prints, in part.
    struct Status: Decodable {
        struct Lane: Decodable {
            let lane: UInt32
            let sequence: UInt64
            let charged: Amount
        }

        let stage: String
        let deposited: Amount
        let withdrawn: Amount
        let charged: Amount
        let available: Amount
        let lanes: [Lane]
    }

    /// What `statement --json` prints, in part.
    struct Statement: Decodable {
        struct Charge: Decodable {
            let number: UInt64
            let total: Amount
            let ordered: Bool
        }

        let charges: [Charge]
    }

    let workshop: Workshop
    let name: String
    private let address: String

    /// A wallet of this name in the workshop, which has a running service.
    init(_ name: String, in workshop: Workshop) throws {
        self.workshop = workshop
        self.name = name
        address = try String(contentsOfFile: workshop("address"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try workshop.write("passphrase", Array("correct horse\n".utf8))
        chmod(workshop("passphrase"), 0o600)
    }

    var path: String { workshop(name) }
    var settlementKey: String { workshop("data/keys/settlement.key") }

    private func words(_ command: String, _ arguments: [String]) -> [String] {
        ["channel", command] + arguments + ["--wallet", path, "--passphrase-file", workshop("passphrase")]
    }

    /// Runs a command to its end.
    func run(_ command: String, _ arguments: String...) async throws -> Workshop.Outcome {
        try await workshop.run(words(command, arguments), seconds: 60)
    }

    /// Starts a command.
    func start(_ command: String, _ arguments: String...) throws -> Program {
        try workshop.start(words(command, arguments), named: command)
    }

    /// Runs a command that has to succeed, and reads its JSON.
    func json<Value: Decodable>(_ command: String, _ arguments: String..., as type: Value.Type = Value.self)
        async throws
        -> Value
    {
        let outcome = try await workshop.run(words(command, arguments + ["--json"]), seconds: 60)
        guard outcome.status == 0 else {
            throw Overdue(description: "\(command) ended with \(outcome.status): \(outcome.errors)")
        }
        return try JSONDecoder().decode(Value.self, from: Data(outcome.output.utf8))
    }

    /// Opens a channel and returns its id.
    func open(_ arguments: String...) async throws -> String {
        let outcome = try await workshop.run(
            words("open", ["--service", "http://\(address)", "--key-cost", "light"] + arguments), seconds: 60)
        guard outcome.status == 0 else { throw Overdue(description: "open: \(outcome.errors)") }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Has five cents confirmed.
    func topUp() async throws {
        let outcome = try await run("topup", "--amount", "0.05USD", "--settlement-key", settlementKey)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    /// The numbers of the charges whose receipts it keeps.
    func receipts(of channel: String) -> Set<UInt64> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/receipts/\(channel)")) ?? []
        return Set(names.compactMap { UInt64($0.dropLast(".json".count)) })
    }
}
