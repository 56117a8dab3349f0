import Storage
import Testing

@testable import feesvc

struct UnknownCommitTests {
    /// The connection of a commit may be lost while the server still writes it.
    @Test func `a commit that is still under way is waited for before the log's end is read`() async throws {
        try await ServiceFixture.run { fixture in
            let before = await fixture.service.state.time
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
                    return try await pool.withTransaction { try await LogStore($0).stateAfterWriters()?.time }
                }
                return try await group.reduce(into: [UInt64]()) { if let time = $1 { $0.append(time) } }
            }
            #expect(times == [before + 7])
        }
    }
}
