/// Who has, waits for and may open the pool's connections: decisions only, no waiting and no I/O.
///
/// A slot is the right to hold one connection. `slotsTaken` counts leased connections and those being opened; idle ones
/// are in `idle`. A queue forms only when every slot is taken, and a freed slot goes to its head.
struct PoolState<Connection: Sendable> {
    /// What a request for a connection came to.
    enum Grant: Sendable {
        /// Use this one, after a look whether it still lives.
        case lease(Connection)
        /// Open one: a slot is taken for it.
        case open
        /// Nothing, and why.
        case refused(PostgresError)
        /// The waiting task was cancelled.
        case cancelled
    }

    enum Request {
        case decided(Grant)
        /// Wait under this ticket.
        case queued(UInt64)
    }

    /// A waiting task and what it gets.
    ///
    /// Resumed by the pool after it left the lock.
    struct Resumption {
        let continuation: CheckedContinuation<Grant, Never>
        let grant: Grant
    }

    private struct Waiter {
        let ticket: UInt64
        var continuation: CheckedContinuation<Grant, Never>?
    }

    let maximumConnections: Int
    let maximumWaiters: Int
    private var idle: [Connection] = []
    private var slotsTaken = 0
    private var waiters: [Waiter] = []
    /// Decisions for tickets whose task has not suspended yet.
    private var early: [UInt64: Grant] = [:]
    private var ticketsGiven: UInt64 = 0
    private(set) var isClosing = false
    private var closers: [CheckedContinuation<Void, Never>] = []

    init(maximumConnections: Int, maximumWaiters: Int) {
        precondition(maximumConnections > 0, "a pool holds at least one connection")
        self.maximumConnections = maximumConnections
        self.maximumWaiters = maximumWaiters
    }

    var statistics: PoolStatistics {
        PoolStatistics(idle: idle.count, inUse: slotsTaken, waiting: waiters.count)
    }

    /// Asks for a connection: the most recently used idle one, a new one, or a place in the queue.
    mutating func request() -> Request {
        if isClosing { return .decided(.refused(.closed)) }
        if let connection = idle.popLast() {
            slotsTaken += 1
            return .decided(.lease(connection))
        }
        if slotsTaken < maximumConnections {
            slotsTaken += 1
            return .decided(.open)
        }
        guard waiters.count < maximumWaiters else { return .decided(.refused(.poolExhausted)) }
        ticketsGiven += 1
        waiters.append(Waiter(ticket: ticketsGiven, continuation: nil))
        return .queued(ticketsGiven)
    }

    /// The task of a ticket suspends now.
    mutating func suspend(_ ticket: UInt64, _ continuation: CheckedContinuation<Grant, Never>) -> Resumption? {
        if let grant = early.removeValue(forKey: ticket) { return Resumption(continuation: continuation, grant: grant) }
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else {
            preconditionFailure("a ticket suspended that is neither queued nor decided")
        }
        waiters[index].continuation = continuation
        return nil
    }

    /// The task of a ticket waits no longer: its time is over or it was cancelled.
    ///
    /// Nothing happens if it has been served.
    mutating func withdraw(_ ticket: UInt64, _ grant: Grant) -> Resumption? {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return settle(waiters.remove(at: index), grant)
    }

    /// A leased connection comes back in good order.
    ///
    /// Not kept when the pool is closing: close it, then free its slot.
    mutating func giveBack(_ connection: Connection) -> (isKept: Bool, resumption: Resumption?) {
        if isClosing { return (false, nil) }
        if !waiters.isEmpty { return (true, settle(waiters.removeFirst(), .lease(connection))) }
        slotsTaken -= 1
        idle.append(connection)
        return (true, nil)
    }

    /// A leased connection is gone, or one could not be opened.
    mutating func freeSlot() -> (resumption: Resumption?, closers: [CheckedContinuation<Void, Never>]) {
        // The slot stays taken when it goes to a waiter.
        if !waiters.isEmpty { return (settle(waiters.removeFirst(), .open), []) }
        slotsTaken -= 1
        guard isClosing, slotsTaken == 0 else { return (nil, []) }
        defer { closers = [] }
        return (nil, closers)
    }

    /// Serves nobody from now on; returns the waiters to refuse and the idle connections to close.
    mutating func beginClosing() -> (refused: [Resumption], idle: [Connection]) {
        isClosing = true
        let refused = waiters
        waiters = []
        defer { idle = [] }
        return (refused.compactMap { settle($0, .refused(.closed)) }, idle)
    }

    /// Whether every slot is free; otherwise the closer is resumed when the last one is.
    mutating func isDrained(otherwiseResume closer: CheckedContinuation<Void, Never>) -> Bool {
        if slotsTaken == 0 { return true }
        closers.append(closer)
        return false
    }

    /// Decides for a waiter that left the queue.
    private mutating func settle(_ waiter: Waiter, _ grant: Grant) -> Resumption? {
        if let continuation = waiter.continuation { return Resumption(continuation: continuation, grant: grant) }
        early[waiter.ticket] = grant
        return nil
    }
}

/// How a pool's connections are used at one moment.
public struct PoolStatistics: Sendable, Equatable {
    /// Open connections nobody uses.
    public let idle: Int
    /// Connections in use or being opened.
    public let inUse: Int
    /// Tasks waiting for a connection.
    public let waiting: Int

    /// Makes a count, for comparison.
    public init(idle: Int, inUse: Int, waiting: Int) {
        self.idle = idle
        self.inUse = inUse
        self.waiting = waiting
    }
}
