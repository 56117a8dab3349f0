import Storage
import Testing

@Suite(.serialized) struct AdvisoryLockTests {
    @Test func `one of two holders has a lock until it lets go`() async throws {
        try await withTestDatabase { configuration in
            let (first, second) = (
                AdvisoryLock(configuration: configuration), AdvisoryLock(configuration: configuration)
            )
            let apart = [
                try await first.tryAcquire(7), try await first.tryAcquire(7),
                try await second.tryAcquire(7), try await second.tryAcquire(8),
            ]
            #expect(apart == [true, true, false, true])
            await first.release(7)
            #expect(await !first.isHeld(7))
            let isPassedOn = try await second.tryAcquire(7)
            #expect(isPassedOn)
            #expect(await second.isHeld(7))
            await second.close()
            let isFreedByClosing = try await first.tryAcquire(8)
            #expect(isFreedByClosing)
            await first.close()
        }
    }

    @Test func `a lost connection loses the lock and says so`() async throws {
        try await withTestDatabase { configuration in
            let pool = PostgresPool(configuration: configuration)
            let holder = AdvisoryLock(configuration: configuration)
            #expect(try await holder.tryAcquire(7))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await holder.waitUntilLost(7, checkingEvery: .milliseconds(10), clock: ContinuousClock())
                }
                let rows = try await pool.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 7")
                try await terminate(rows[0].int("pid"), through: pool)
                try await group.waitForAll()
            }
            #expect(await !holder.isHeld(7))
            #expect(try await holder.tryAcquire(7))
            await holder.close()
            await pool.close()
        }
    }
}
