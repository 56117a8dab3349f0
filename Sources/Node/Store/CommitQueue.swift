import Channels
import Synchronization

/// One caller's part of a transaction.
enum StoreJob: Sendable {
    /// Events that were checked, from whom, and the newest head among them.
    case admit([CheckedEvent], from: UInt32?, head: SignedHead?)
    /// Drafts that become own events.
    case publish(Publication)

    /// How many events it is about.
    var size: Int {
        switch self {
        case .admit(let events, _, _): events.count
        case .publish(let publication): publication.drafts.count
        }
    }
}

/// What became of one.
enum StoreReport: Sendable {
    case admitted(AdmissionReport)
    case published([PublishDecision])
}

/// Lets those who wait for the disk share one commit.
///
/// Who comes first leads: it commits its own job; those that came meanwhile are committed together by the next one of them.
/// So nobody waits longer than for one commit and its own, and the busier the node, the more share each. Callers are bounded:
/// questions of each connection, requests of the server.
final class CommitQueue: Sendable {
    private enum Turn: Sendable {
        case lead
        case done(Result<StoreReport, SQLiteFailure>)
    }

    private struct Waiting {
        let job: StoreJob
        let turn: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var isBusy = false
        var waiting: [Waiting] = []
    }

    /// The most events of one commit, but for a job that alone has more.
    private let sizeMax: Int
    private let counters: NodeCounters
    private let state = Mutex(State())

    init(sizeMax: Int, counters: NodeCounters = NodeCounters()) {
        self.sizeMax = sizeMax
        self.counters = counters
    }

    /// How many callers wait for the next commit.
    var waiting: Int { state.withLock { $0.waiting.count } }

    /// Commits a job, together with others perhaps; returns once it is durable.
    func run(_ job: StoreJob, in store: EventStore) async throws(SQLiteFailure) -> StoreReport {
        let turn = await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                guard state.isBusy else {
                    state.isBusy = true
                    return true
                }
                state.waiting.append(Waiting(job: job, turn: continuation))
                return false
            }
            if leads { continuation.resume(returning: .lead) }
        }
        switch turn {
        case .done(let result): return try result.get()
        case .lead: return try await lead(job, in: store)
        }
    }

    private func lead(_ job: StoreJob, in store: EventStore) async throws(SQLiteFailure) -> StoreReport {
        let followers = take(room: sizeMax - job.size)
        defer { passOn() }
        do {
            let reports = try await store.commit([job] + followers.map(\.job))
            counters.commit(of: followers.reduce(job.size) { $0 + $1.job.size })
            for (follower, report) in zip(followers, reports.dropFirst()) {
                follower.turn.resume(returning: .done(.success(report)))
            }
            return reports[0]
        } catch {
            counters.add(.commitFailures)
            guard !followers.isEmpty else { throw error }
            // One job's failure is not the others': each is tried alone.
            for follower in followers {
                follower.turn.resume(returning: .done(await alone(follower.job, in: store)))
            }
            return try await alone(job, in: store).get()
        }
    }

    private func alone(_ job: StoreJob, in store: EventStore) async -> Result<StoreReport, SQLiteFailure> {
        do throws(SQLiteFailure) {
            let report = try await store.commit([job])[0]
            counters.commit(of: job.size)
            return .success(report)
        } catch {
            counters.add(.commitFailures)
            return .failure(error)
        }
    }

    private func take(room: Int) -> [Waiting] {
        state.withLock { state in
            var room = room
            let count = state.waiting.prefix { waiting in
                room -= waiting.job.size
                return room >= 0
            }.count
            defer { state.waiting.removeFirst(count) }
            return Array(state.waiting.prefix(count))
        }
    }

    private func passOn() {
        let next = state.withLock { state -> Waiting? in
            guard !state.waiting.isEmpty else {
                state.isBusy = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.turn.resume(returning: .lead)
    }
}
