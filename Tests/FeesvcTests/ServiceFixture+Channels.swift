import Channels
import Primitives
import Storage

@testable import feesvc

/// What payers do with their channels.
extension ServiceFixture {
    func delegate(_ statement: Delegation, by key: SecretKey) async throws -> ChannelState {
        try await service.delegate(statement, signature: key.sign(service.domain.digest(of: statement)))
    }

    func revoke(_ statement: Revocation, by key: SecretKey) async throws -> ChannelState {
        try await service.revoke(statement, signature: key.sign(service.domain.digest(of: statement)))
    }

    func withdraw(_ statement: Withdrawal, by key: SecretKey) async throws -> Amount {
        try await service.withdraw(statement, signature: key.sign(service.domain.digest(of: statement)))
    }

    func close(_ statement: RequestClose, by key: SecretKey) async throws -> UInt64 {
        try await service.close(statement, signature: key.sign(service.domain.digest(of: statement)))
    }

    func stored(_ channel: Bytes32) async throws -> StoredChannel? {
        try await service.read { try await ChannelStore($0).channel(channel) }
    }

    func chain(
        _ channel: StoredChannel, from newest: UInt64, limit: Int
    ) async throws -> (logIndexes: [UInt64], before: UInt64) {
        try await service.read {
            try await ChargeStore($0).chain(channel: channel.number, lane: 0, from: newest, limit: limit)
        }
    }

    /// How many rows a table has.
    func count(_ table: String) async throws -> Int64 {
        try await pool.query("SELECT count(*) AS n FROM \(unescaped: table)").first?.int("n") ?? -1
    }

    /// The code of a refusal, `nil` where there is none.
    func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal.code
        } catch {
            return "\(error)"
        }
    }
}
