import Channels
import Primitives
import Synchronization

/// A node's time: that of the newest signed head that it has seen. It drives what is due; it never goes back.
final class NodeClock: Sendable {
    private struct State {
        var newest: SignedHead?
        var schedule: ProbeSchedule
    }

    private let state: Mutex<State>
    /// Fires when a head made a round due, perhaps.
    let advanced = Signal()

    init(newest: SignedHead?, schedule: ProbeSchedule) {
        state = Mutex(State(newest: newest, schedule: schedule))
    }

    /// The newest head.
    var newest: SignedHead? { state.withLock { $0.newest } }
    /// Unix seconds; 0 before the first head.
    var time: UInt64 { newest?.head.time ?? 0 }
    /// The day up to which no round is due any more.
    var probedThrough: UTCDay? { state.withLock { $0.schedule.through } }

    /// Takes a checked head in; the time never goes back.
    ///
    /// `isCurrent` says that the head is of now: it was observed, or came with a publisher's receipt. Heads inside
    /// events that a node fetches after a pause lie in that pause, so until a current one came they make nothing due.
    func advance(to head: SignedHead, isCurrent: Bool) {
        state.withLock { state in
            if head.head.isNewer(than: state.newest?.head) { state.newest = head }
            state.schedule.see(time: state.newest?.head.time ?? head.head.time, isCurrent: isCurrent)
        }
        advanced.fire()
    }

    /// The next round that is due.
    func nextRound() -> ProbeRound? { state.withLock { $0.schedule.next() } }

    /// Takes in that a round is done.
    func finish(_ round: ProbeRound) { state.withLock { $0.schedule.finish(round) } }
}
