import Storage
import Synchronization

/// A point that tasks pass together: each waits until all parties have arrived.
actor Rendezvous {
    private let parties: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(parties: Int) {
        self.parties = parties
    }

    func arrive() async {
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            guard waiting.count == parties else { return }
            for continuation in waiting { continuation.resume() }
            waiting = []
        }
    }
}

/// What happened, in order.
final class Record<Event: Sendable>: Sendable {
    private let list = Mutex<[Event]>([])

    var events: [Event] { list.withLock { $0 } }

    func append(_ event: Event) {
        list.withLock { $0.append(event) }
    }
}

/// A condition did not become true in time.
struct NeverHappened: Error {}

/// Waits for a condition another task brings about, at most ten seconds.
func eventually(_ condition: () async throws -> Bool) async throws {
    for _ in 0..<2_000 {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw NeverHappened()
}

/// Ends a session from another one and waits until the server has ended it.
func terminate(_ pid: Int64, through pool: PostgresPool) async throws {
    _ = try await pool.query("SELECT pg_terminate_backend(\(pid)::int)")
    try await eventually { try await pool.query("SELECT 1 FROM pg_stat_activity WHERE pid = \(pid)").isEmpty }
}
