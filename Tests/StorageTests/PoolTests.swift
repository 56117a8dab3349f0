import Storage
import Testing

@Suite(.serialized) struct PoolTests {
    @Test func `no more connections are open than allowed and all users are served`() async throws {
        try await withPool(connections: 3) { pool in
            let changes = Record<Int>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        try await pool.withConnection { connection in
                            changes.append(1)
                            _ = try await connection.query("SELECT pg_sleep(0.005)")
                            changes.append(-1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            var users = 0
            var most = 0
            for change in changes.events {
                users += change
                most = max(most, users)
            }
            #expect(changes.events.count == 60)
            #expect(most == 3)
            #expect(pool.statistics == PoolStatistics(idle: 3, inUse: 0, waiting: 0))
        }
    }

    @Test func `waiting users are served in the order they came`() async throws {
        try await withPool(connections: 1) { pool in
            let served = Record<Int>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await pool.withConnection { _ in
                    for user in 0..<10 {
                        group.addTask { try await pool.withConnection { _ in served.append(user) } }
                        try await eventually { pool.statistics.waiting == user + 1 }
                    }
                }
                try await group.waitForAll()
            }
            #expect(served.events == Array(0..<10))
        }
    }

    @Test func `a user waits only so long, and only so many wait`() async throws {
        try await withPool(connections: 1, acquireTimeout: .milliseconds(50), waiters: 1) { pool in
            try await pool.withConnection { _ in
                await #expect(throws: PostgresError.timedOut) { try await pool.query("SELECT 1") }
                #expect(pool.statistics.waiting == 0)
            }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
        try await withPool(connections: 1, waiters: 1) { pool in
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await pool.withConnection { _ in
                    group.addTask { _ = try await pool.query("SELECT 1") }
                    try await eventually { pool.statistics.waiting == 1 }
                    await #expect(throws: PostgresError.poolExhausted) { try await pool.query("SELECT 1") }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a cancelled user leaves the queue and takes no connection with it`() async throws {
        try await withPool(connections: 1) { pool in
            try await pool.withConnection { _ in
                await withTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        do {
                            _ = try await pool.query("SELECT 1")
                            return false
                        } catch {
                            return error is CancellationError
                        }
                    }
                    try? await eventually { pool.statistics.waiting == 1 }
                    group.cancelAll()
                    #expect(await group.next() == true)
                }
                #expect(pool.statistics == PoolStatistics(idle: 0, inUse: 1, waiting: 0))
            }
            #expect(try await pool.query("SELECT 1").count == 1)
        }
    }

    @Test func `an idle connection the server ended is replaced unseen`() async throws {
        try await withTwoPools { pool, other in
            let pid = try await backend(of: pool)
            try await terminate(pid, through: other)
            #expect(try await backend(of: pool) != pid)
            #expect(pool.statistics == PoolStatistics(idle: 1, inUse: 0, waiting: 0))
        }
    }

    @Test func `a connection the server ended in use fails its user and not the next`() async throws {
        try await withTwoPools { pool, other in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withConnection { connection in
                    let pid = try await connection.query("SELECT pg_backend_pid() AS pid")[0].int("pid")
                    try await terminate(pid, through: other)
                    _ = try await connection.query("SELECT 1")
                }
            }
            switch error {
            case .connectionFailed: break
            case .server(let failure): #expect(failure.state == .adminShutdown)
            default: Issue.record("\(String(describing: error))")
            }
            #expect(pool.statistics.idle == 0)
            let rows = try await pool.query("SELECT 1")
            #expect(rows.count == 1)
        }
    }

    @Test func `a waiting user gets the place of a connection that was lost`() async throws {
        try await withTwoPools { pool, other in
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await pool.withConnection { connection in
                    group.addTask { _ = try await pool.query("SELECT 1") }
                    try await eventually { pool.statistics.waiting == 1 }
                    let pid = try await connection.query("SELECT pg_backend_pid() AS pid")[0].int("pid")
                    try await terminate(pid, through: other)
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func `a connection that comes back inside a transaction is dropped`() async throws {
        try await withPool(connections: 1) { pool in
            try await pool.withConnection { _ = try await $0.execute("BEGIN") }
            #expect(pool.statistics.idle == 0)
            _ = try await pool.query("SELECT 1")
            #expect(pool.statistics.idle == 1)
        }
    }

    @Test func `a pool that cannot connect says so to each user and keeps its places`() async throws {
        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: "host=/nonexistent", maximumConnections: 1)
        )
        for _ in 0..<3 {
            await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
            #expect(pool.statistics == PoolStatistics(idle: 0, inUse: 0, waiting: 0))
        }
        await pool.close()
    }

    @Test func `closing refuses new and waiting users and waits for those who have a connection`() async throws {
        try await withPool(connections: 1) { pool in
            let order = Record<String>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await pool.withConnection { connection in
                    group.addTask {
                        await #expect(throws: PostgresError.closed) { try await pool.query("SELECT 1") }
                        order.append("waiter refused")
                    }
                    try await eventually { pool.statistics.waiting == 1 }
                    group.addTask {
                        await pool.close()
                        order.append("closed")
                    }
                    try await eventually { order.events == ["waiter refused"] }
                    await #expect(throws: PostgresError.closed) { try await pool.query("SELECT 1") }
                    _ = try await connection.query("SELECT 1")
                    order.append("lease done")
                }
                try await group.waitForAll()
            }
            #expect(order.events == ["waiter refused", "lease done", "closed"])
            #expect(pool.statistics == PoolStatistics(idle: 0, inUse: 0, waiting: 0))
        }
    }

    /// Were the waits on the cooperative pool, two cores would need 20 × 0.3 / 2 = 3 s, and the ticks would stand still.
    @Test func `waiting for the server does not hold the cooperative pool`() async throws {
        try await withPool(connections: 20) { pool in
            let ticks = Record<Void>()
            let elapsed = try await ContinuousClock().measure {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 { group.addTask { _ = try await pool.query("SELECT pg_sleep(0.3)") } }
                    group.addTask {
                        for _ in 0..<10 {
                            try await Task.sleep(for: .milliseconds(10))
                            if pool.statistics.inUse > 0 { ticks.append(()) }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(elapsed < .milliseconds(2_500))
            #expect(ticks.events.count == 10)
        }
    }

    private func withPool(
        connections: Int,
        acquireTimeout: Duration = .seconds(120),
        waiters: Int = 100,
        _ body: (PostgresPool) async throws -> Void
    ) async throws {
        try await withTestDatabase { configuration in
            var configuration = configuration
            configuration.maximumConnections = connections
            configuration.acquireTimeout = acquireTimeout
            configuration.maximumWaiters = waiters
            let pool = PostgresPool(configuration: configuration)
            try await body(pool)
            await pool.close()
        }
    }

    /// A pool of one connection, and another pool to act on it from outside.
    private func withTwoPools(_ body: (PostgresPool, PostgresPool) async throws -> Void) async throws {
        try await withTestDatabase { configuration in
            var single = configuration
            single.maximumConnections = 1
            let (pool, other) = (PostgresPool(configuration: single), PostgresPool(configuration: configuration))
            try await body(pool, other)
            await pool.close()
            await other.close()
        }
    }

    private func backend(of pool: PostgresPool) async throws -> Int64 {
        try await pool.query("SELECT pg_backend_pid() AS pid")[0].int("pid")
    }
}
