import Synchronization

/// What a node keeps of one peer: the connection to it, what waits to be pushed, and how the last comparison ended.
final class PeerLink: Sendable {
    private struct State {
        var phase = PeerState.dialling
        var session: PeerSession?
        var queue: PushQueue
        var isEqual: Bool?
        var failures: UInt64 = 0
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

    /// Both have proved themselves. Without a session somebody else takes what is to be pushed.
    func connected(_ session: PeerSession?) {
        state.withLock { state in
            state.phase = .connected
            state.session = session
            state.isEqual = nil
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
    func compared(isEqual: Bool) { state.withLock { $0.isEqual = isEqual } }

    /// Queues events while there is a connection; what finds no room is left to reconciliation.
    func push(_ events: [WireEvent]) {
        let isQueued = state.withLock { state in
            guard state.phase == .connected else { return false }
            for event in events where !state.queue.append(event) { break }
            return true
        }
        if isQueued { pushWaiting.fire() }
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
