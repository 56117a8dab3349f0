import Primitives

/// Why an observer has no view of a node.
public enum MissingView: String, Hashable, Sendable, CaseIterable {
    /// It is the node itself; own words are left out.
    case own = "view/own"
    /// Nothing of it was in the log when the epoch was sealed.
    case silent = "view/silent"
    /// What it said came after the epoch was sealed.
    case late = "view/late"
    /// What it said could not be read, or was not signed by it.
    case malformed = "view/malformed"
    /// It observed, and did not measure this.
    case unmeasured = "view/unmeasured"
    /// It is not in the epoch's snapshot.
    case newcomer = "view/not-in-snapshot"
}

/// What one observer measured of a node.
public struct MetricView: Hashable, Sendable {
    /// The observer's node.
    public let observer: UInt32
    /// Parts of 10^9; `nil` where it has no view.
    public let parts: UInt32?
    /// Why it has none.
    public let missing: MissingView?
}

/// A metric of a node, with who measured it.
public struct ExplainedMetric: Hashable, Sendable {
    /// What counts, in parts of 10^9.
    public let parts: UInt32
    /// A view for every node that could have observed, ascending.
    public let views: [MetricView]
    /// How many views a quorum has.
    public let quorum: Int
    /// Whether it was left out for the whole shard, so that ``parts`` is one whole.
    public let isDropped: Bool
}

extension ExplainedMetric {
    enum Kind {
        case held
        case available
    }

    init(
        _ kind: Kind, of node: UInt32, _ inputs: RewardInputs, parts: UInt32, dropped: DroppedMetrics,
        newcomers: Set<UInt32>, refused: [UInt32: MissingView]
    ) {
        let said = Dictionary(inputs.observations.map { ($0.observer, $0) }) { first, _ in first }
        let members = Set(inputs.snapshot.map(\.node))
        views = members.union(newcomers).sorted().map { observer in
            guard observer != node else { return MetricView(observer: observer, parts: nil, missing: .own) }
            guard members.contains(observer) else {
                return MetricView(observer: observer, parts: nil, missing: .newcomer)
            }
            guard let observation = said[observer] else {
                return MetricView(observer: observer, parts: nil, missing: refused[observer] ?? .silent)
            }
            let subject = observation.subjects.first { $0.node == node }
            let view = subject.flatMap { kind == .held ? Measurement.heldView($0) : Measurement.availableView($0) }
            return MetricView(observer: observer, parts: view, missing: view == nil ? .unmeasured : nil)
        }
        self.parts = parts
        quorum = Measurement.quorum(of: max(0, members.count - 1))
        isDropped = dropped.contains(.unobserved) || dropped.contains(kind == .held ? .held : .available)
    }
}
