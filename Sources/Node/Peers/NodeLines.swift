import Channels
import Logging
import Primitives
import Synchronization

/// What changes of a node as a whole and is worth a line: its disk, the log's epoch, what it refuses. A line each, and what others can
/// provoke is budgeted.
final class NodeLines: Sendable {
    private struct State {
        var isDiskFull = false
        var epoch: UInt64 = 0
        var headCame = ContinuousClock.now
        var refusals: [String: LineBudget] = [:]
        var contradictions: [UInt32: LineBudget] = [:]
        var lies = LineBudget()
        var ahead = LineBudget(most: 1)
    }

    /// Of how many originators lines are budgeted apart.
    private static let originatorsMax = 1_024

    private let logger: Logger
    private let state = Mutex(State())

    init(logger: Logger) {
        self.logger = logger
    }

    var isDiskFull: Bool { state.withLock { $0.isDiskFull } }
    /// When the newest head came.
    var headCame: ContinuousClock.Instant { state.withLock { $0.headCame } }

    /// Publishers are refused for want of room, or are taken again.
    func disk(isFull: Bool, budget: UInt64?) {
        let isChange = state.withLock { state in
            defer { state.isDiskFull = isFull }
            return state.isDiskFull != isFull
        }
        guard isChange else { return }
        let metadata: Logger.Metadata = budget.map { ["disk.budget": "\($0)"] } ?? [:]
        if isFull {
            logger.warning("the disk has no room, publishers are told to use another node", metadata: metadata)
        } else {
            logger.info("the disk has room again, publishers are taken", metadata: metadata)
        }
    }

    /// A head that is newer than all before was taken.
    func took(_ head: LogHead) {
        let isNewEpoch = state.withLock { state in
            state.headCame = .now
            defer { state.epoch = max(state.epoch, head.epoch) }
            return head.epoch > state.epoch
        }
        guard isNewEpoch else { return }
        logger.info(
            "an epoch is open",
            metadata: ["epoch": "\(head.epoch)", "head.time": "\(head.time)", "head.size": "\(head.size)"])
    }

    /// A peer knows a head that is newer by some seconds than what the service has told.
    func isBehind(by seconds: UInt64, peer: UInt32?) {
        guard state.withLock({ $0.ahead.take() }) != nil else { return }
        var metadata: Logger.Metadata = ["head.newer.by": "\(seconds) s"]
        if let peer { metadata["peer.number"] = "\(peer)" }
        logger.info("a peer knows a newer head than this node had", metadata: metadata)
    }

    /// Somebody who connected was refused; `node` is who it says to be.
    func refused(_ reason: String, node: UInt32?, from place: String) {
        let leftOut = state.withLock { $0.refusals[reason, default: LineBudget()].take() }
        guard let leftOut else { return }
        var metadata: Logger.Metadata = ["peer.place": "\(place)", "peer.refusal": "\(reason)"]
        if let node { metadata["peer.number"] = "\(node)" }
        if leftOut > 0 { metadata["lines.left.out"] = "\(leftOut)" }
        logger.warning("somebody who connected was refused", metadata: metadata)
    }

    /// A peer said what can't be so.
    func lied(about what: String, peer: UInt32) {
        guard let leftOut = state.withLock({ $0.lies.take() }) else { return }
        logger.warning(
            "a peer said what can't be so",
            metadata: ["peer.number": "\(peer)", "peer.lie": "\(what)", "lines.left.out": "\(leftOut)"])
    }

    /// An originator signed what contradicts something of its own that is held.
    func contradicted(_ what: String, by originator: UInt32, event: Bytes32, held: Bytes32, from peer: UInt32) {
        let leftOut = state.withLock { state -> UInt64? in
            guard state.contradictions.count < Self.originatorsMax || state.contradictions[originator] != nil else {
                return nil
            }
            return state.contradictions[originator, default: LineBudget()].take()
        }
        guard let leftOut else { return }
        var metadata: Logger.Metadata = [
            "event.originator": "\(originator)", "event.id": "\(event)", "event.held": "\(held)",
            "event.contradiction": "\(what)", "peer.number": "\(peer)",
        ]
        if leftOut > 0 { metadata["lines.left.out"] = "\(leftOut)" }
        logger.warning("an originator contradicted itself, both events are kept as evidence", metadata: metadata)
    }
}
