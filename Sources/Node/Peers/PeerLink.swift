import Synchronization

/// What a node keeps of one peer: the connection to it, what waits to be pushed, and how the last comparison ended.
final class PeerLink: Sendable {
    private struct State {
        var phase = PeerState.dialling
        var session: PeerSession?
        var queue: PushQueue
        var isEqual: Bool?
        var failures: UInt64 = 0
        var reason: String?
        var equalAt: ContinuousClock.Instant?
        var brought: UInt64 = 0
        var story = PeerStory()
        var connectionLines = LineBudget(most: 8)
        var healingLines = LineBudget(most: 8)
    }

    let number: UInt32
    /// Fires when something waits to be pushed.
    let pushWaiting = Signal()
    /// Fires when events wait for ancestors that this peer should have.
    let ancestorsWanted = Signal()
    /// Fires when the connection is wanted now, whatever the backoff.
    let dialWanted = Signal()
    private let limits: NodeLimits
    private let state: Mutex<State>

    init(number: UInt32, limits: NodeLimits) {
        self.number = number
        self.limits = limits
        state = Mutex(State(queue: PushQueue(eventsMax: limits.pushQueueEvents, bytesMax: limits.pushQueueBytes)))
    }

    /// The connection, while both have proved themselves on it.
    var session: PeerSession? { state.withLock { $0.session } }
    /// How many attempts to connect failed, or connections ended, since the start.
    var failures: UInt64 { state.withLock { $0.failures } }

    /// The peer as the status shows it.
    var status: PeerStatus {
        state.withLock { PeerStatus(number: number, state: $0.phase, isEqual: $0.isEqual) }
    }

    /// Whether what is queued can be pushed.
    var isConnected: Bool { state.withLock { $0.phase == .connected } }

    /// The peer as a scrape shows it.
    func gauge(now: ContinuousClock.Instant, began: ContinuousClock.Instant) -> PeerGauge {
        state.withLock { state in
            let isRefused = state.reason.map { $0.hasPrefix("refused_") || $0 == "identity" } ?? false
            let standing: PeerStanding =
                switch state.phase {
                case .dialling: .connecting
                case .connected: state.isEqual ?? false ? .equal : .healing
                case .unreachable: isRefused ? .refused : .unreachable
                }
            return PeerGauge(number: number, standing: standing, lag: (now - (state.equalAt ?? began)).seconds)
        }
    }

    /// What waits to be pushed.
    var queued: (events: Int, bytes: Int) { state.withLock { $0.queue.size } }

    /// The peer brought events that were new.
    func brought(_ events: Int) { state.withLock { $0.brought += UInt64(events) } }

    /// The connection ended, or was not made: the line that is worth it.
    func ended(reason: String) -> PeerStory.Line? {
        state.withLock { state in
            state.reason = reason
            return state.story.ended(reason: reason, now: .now)
        }
    }

    /// Asks for a line: how many of its kind were left out before it, or `nil` where there have been too many.
    func budget(for line: PeerStory.Line) -> UInt64? {
        state.withLock { state in
            switch line {
            case .equal, .healing: state.healingLines.take()
            case .connected, .lost, .failed: state.connectionLines.take()
            }
        }
    }

    /// Both have proved themselves. Without a session somebody else takes what is to be pushed.
    @discardableResult
    func connected(_ session: PeerSession?) -> PeerStory.Line {
        state.withLock { state in
            state.phase = .connected
            state.session = session
            state.isEqual = nil
            state.reason = nil
            return state.story.connected(events: state.brought, now: .now)
        }
    }

    /// The connection ended, or was not made.
    func disconnected() {
        state.withLock { state in
            state.phase = .unreachable
            state.session = nil
            state.failures += 1
            state.queue.removeAll()
        }
    }

    /// A comparison ended.
    @discardableResult
    func compared(isEqual: Bool) -> PeerStory.Line? {
        state.withLock { state in
            state.isEqual = isEqual
            if isEqual { state.equalAt = .now }
            return state.story.compared(isEqual: isEqual, events: state.brought, now: .now)
        }
    }

    /// Queues events while there is a connection; what finds no room is left to reconciliation. Returns how many that are.
    @discardableResult
    func push(_ events: [WireEvent]) -> Int {
        let queued: Int? = state.withLock { state in
            guard state.phase == .connected else { return nil }
            return events.prefix { state.queue.append($0) }.count
        }
        guard let queued else { return 0 }
        pushWaiting.fire()
        return events.count - queued
    }

    /// Takes the next frame's events out of the queue.
    func nextPush() -> [WireEvent] {
        state.withLock { state in
            state.queue.next(
                eventsMax: min(limits.pushFrameEvents, PeerQuestion.eventsMax),
                bytesMax: limits.pushFrameBytes
            )
        }
    }
}

/// The links to all peers.
final class PeerTable: Sendable {
    private let limits: NodeLimits
    private let links = Mutex<[UInt32: PeerLink]>([:])

    init(limits: NodeLimits) {
        self.limits = limits
    }

    /// The link to a peer, made at its first use.
    func link(to number: UInt32) -> PeerLink {
        links.withLock { links in
            if let link = links[number] { return link }
            let link = PeerLink(number: number, limits: limits)
            links[number] = link
            return link
        }
    }

    /// All links, ascending by number.
    var all: [PeerLink] { links.withLock { $0.values.sorted { $0.number < $1.number } } }
}
