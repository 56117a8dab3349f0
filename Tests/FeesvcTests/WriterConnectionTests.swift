import Primitives
import Storage
import Testing

@testable import feesvc

struct WriterConnectionTests {
    /// The fixture's pool has four; a fifth reader would wait ten seconds and fail.
    @Test(.timeLimit(.minutes(10)))
    func `readers who hold every connection keep no writer waiting`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(SecretKey(seed: 1, label: "payer"), deposit: 10_000)
            let pool = fixture.pool
            let (isHeld, held) = AsyncStream.makeStream(of: Void.self)
            let (isOver, over) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await hold(4, of: pool, held, until: isOver) }
                for await _ in isHeld { break }
                #expect(pool.statistics.inUse == 4)
                try await fixture.deposit(1, to: channel, reference: SHA256.hash([1]))
                try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
                over.finish()
                try await group.waitForAll()
            }
            #expect(try await fixture.available(channel) == 10_001)
        }
    }

    /// Takes so many connections, one inside the other, says so, and gives them back when told.
    private func hold(
        _ count: Int, of pool: PostgresPool, _ held: AsyncStream<Void>.Continuation, until isOver: AsyncStream<Void>
    ) async throws {
        guard count > 0 else {
            held.yield()
            for await _ in isOver {}
            return
        }
        try await pool.withConnection { _ in try await hold(count - 1, of: pool, held, until: isOver) }
    }
}
