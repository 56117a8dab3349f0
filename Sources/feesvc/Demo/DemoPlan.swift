import Channels
import Primitives

/// The moments at which the demo's clock stops.
enum DemoStop: Hashable, Comparable {
    /// A node is killed.
    case kill(at: UInt64)
    /// A UTC midnight: storage is captured, nodes probe each other.
    case midnight(at: UInt64)
    /// A postage window ends.
    case postage(at: UInt64)
    /// Base fees of an epoch are decided.
    case deliveryCut(epoch: UInt64, at: UInt64)
    /// An epoch ends.
    case edge(epoch: UInt64, at: UInt64)

    var time: UInt64 {
        switch self {
        case .kill(let time), .midnight(let time), .postage(let time), .deliveryCut(_, let time), .edge(_, let time):
            time
        }
    }

    private var order: Int {
        switch self {
        case .kill: 0
        case .midnight: 1
        case .postage: 2
        case .deliveryCut: 3
        case .edge: 4
        }
    }

    static func < (a: DemoStop, b: DemoStop) -> Bool { (a.time, a.order) < (b.time, b.order) }
}

/// Cuts a trace into groups of messages between stops, so that nothing depends on how fast the machine is.
struct DemoPlan {
    /// What comes next.
    enum Step {
        /// Messages to send at the time of the last of them.
        case group(Range<Int>)
        /// Everything to be done at one moment, in order.
        case stops([DemoStop])
    }

    private let messages: [TraceMessage]
    private let epochs: EpochClock
    private let killTime: UInt64?
    private var next = 0
    private var time: UInt64
    private var postageEnds: [UInt64] = []
    private var lastPostageEnd: UInt64 = 0
    private var wasKilled = false
    private var isOver = false

    /// Plans a trace; `isKilling` says whether a node is killed half-way through the second epoch.
    init(_ messages: [TraceMessage], epochs: EpochClock, isKilling: Bool) {
        self.messages = messages
        self.epochs = epochs
        time = epochs.start
        killTime = isKilling ? epochs.start + epochs.length + epochs.length / 2 : nil
    }

    /// Notes the end of a postage window, a stop of its own.
    mutating func notePostage(endingAt end: UInt64) {
        lastPostageEnd = max(lastPostageEnd, end)
        let place = postageEnds.firstIndex { $0 >= end } ?? postageEnds.endIndex
        if place == postageEnds.endIndex || postageEnds[place] != end { postageEnds.insert(end, at: place) }
    }

    /// The next step, `nil` after the edge at or after the last postage window's end.
    mutating func nextStep() -> Step? {
        guard !isOver else { return nil }
        let stop = nextStopTime()
        var end = next
        while end < messages.count, messages[end].sentAt < stop { end += 1 }
        if end > next {
            defer { next = end }
            time = max(time, messages[end - 1].sentAt)
            return .group(next..<end)
        }
        let stops = stops(at: stop)
        time = stop
        postageEnds.removeAll { $0 <= stop }
        if stops.contains(where: { if case .kill = $0 { true } else { false } }) { wasKilled = true }
        let isEdge = stops.contains { if case .edge = $0 { true } else { false } }
        if isEdge, next == messages.count, stop >= lastPostageEnd { isOver = true }
        return .stops(stops)
    }

    private func nextStopTime() -> UInt64 {
        let midnight = UTCDay(containing: time).next.start
        let epoch = epochAfter(time)
        var times = [midnight, epochs.edge(of: epoch)]
        times += cuts().filter { $0.at > time }.map(\.at)
        if let first = postageEnds.first { times.append(first) }
        if let killTime, !wasKilled, killTime > time { times.append(killTime) }
        return times.min() ?? midnight
    }

    private func stops(at moment: UInt64) -> [DemoStop] {
        var stops: [DemoStop] = []
        if let killTime, !wasKilled, killTime == moment { stops.append(.kill(at: moment)) }
        if moment.isMultiple(of: UTCDay.seconds) { stops.append(.midnight(at: moment)) }
        if postageEnds.contains(moment) { stops.append(.postage(at: moment)) }
        for cut in cuts() where cut.at == moment { stops.append(.deliveryCut(epoch: cut.epoch, at: moment)) }
        let epoch = epochAfter(time)
        if epochs.edge(of: epoch) == moment { stops.append(.edge(epoch: epoch, at: moment)) }
        return stops.sorted()
    }

    private func epochAfter(_ time: UInt64) -> UInt64 { (time - epochs.start) / epochs.length + 1 }

    /// The delivery cuts that can come next: those of the two epochs before the open one.
    private func cuts() -> [(epoch: UInt64, at: UInt64)] {
        let open = epochAfter(time)
        return (open > 2 ? [open - 2, open - 1, open] : Array(1...open)).map { ($0, epochs.deliveryCut(of: $0)) }
    }
}
