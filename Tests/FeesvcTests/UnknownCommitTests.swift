import Primitives
import Storage
import Testing

@testable import feesvc

struct UnknownCommitTests {
    /// The connection of a commit may be lost while the server still writes it.
    @Test func `a commit that is still under way is waited for before the log's end is read`() async throws {
        try await ServiceFixture.run { fixture in
            let before = await fixture.service.state
            let (isWritten, written) = AsyncStream.makeStream(of: Void.self)
            let pool = fixture.pool
            let times = try await withThrowingTaskGroup(of: UInt64?.self) { group in
                group.addTask {
                    try await pool.withTransaction { transaction in
                        try await transaction.execute("UPDATE instance SET log_time = log_time + 7")
                        written.yield()
                        try await Task.sleep(for: .milliseconds(300))
                        return nil
                    }
                }
                group.addTask {
                    for await _ in isWritten { break }
                    return try await pool.withTransaction {
                        try await LogStore($0).stateAfterWriters(under: before.fence).time
                    }
                }
                return try await group.reduce(into: [UInt64]()) { if let time = $1 { $0.append(time) } }
            }
            #expect(times == [before.time + 7])
        }
    }

    /// What cut the commit off may have cut the lock off as well, and a standby has taken over since.
    @Test func `a service that reads the log's end again does not take its successor's token`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.service.reload()
            let channel = try await fixture.channel(SecretKey(seed: 1, label: "payer"), deposit: 1_000_000)
            let successor = try await ServiceFixture.open(fixture.configuration, directory: fixture.directory)
            await #expect(throws: Fenced.self) { try await fixture.service.reload() }
            await #expect(throws: Fenced.self) {
                try await fixture.deposit(1, to: channel, reference: SHA256.hash([1]))
            }
            try await successor.deposit(1, to: channel, reference: SHA256.hash([1]))
            #expect(try await successor.available(channel) == 1_000_001)
            await successor.pool.close()
        }
    }
}
