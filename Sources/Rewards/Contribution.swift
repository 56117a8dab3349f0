import Primitives

/// What the others measured of a node, in parts per 10^9.
public struct Contribution: Hashable, Sendable {
    /// One whole: 10^9 parts.
    public static let whole: UInt32 = 1_000_000_000

    /// Storage challenges passed.
    public var held: UInt32
    /// Probes answered.
    public var available: UInt32
    /// Results signed of those that were due.
    public var attested: UInt32

    /// Makes a contribution.
    public init(held: UInt32, available: UInt32, attested: UInt32) {
        self.held = held
        self.available = available
        self.attested = attested
    }

    /// ⌊held × available × attested ÷ 10^18⌋: the quality, 0 … 10^9.
    public var quality: UInt32 {
        let product = UInt128(held) * UInt128(available) * UInt128(attested)
        return UInt32(product / 1_000_000_000_000_000_000)
    }
}

/// Metrics that were left out of an epoch's result for the whole shard.
public struct DroppedMetrics: OptionSet, Hashable, Sendable {
    /// Bit mask as in docs/protocol.md §8.
    public let rawValue: UInt8

    /// Makes a set of a mask.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Too few observers set storage challenges.
    public static let held = DroppedMetrics(rawValue: 1)
    /// Too few observers probed.
    public static let available = DroppedMetrics(rawValue: 2)
    /// One node alone: nobody can observe it.
    public static let unobserved = DroppedMetrics(rawValue: 4)
}

/// From recorded observations to contributions: ruleset 1.
public enum Measurement {
    /// What each node of the snapshot contributed, and which metrics had no quorum.
    public static func contributions(
        _ inputs: RewardInputs
    ) -> (contributions: [UInt32: Contribution], dropped: DroppedMetrics) {
        let nodes = inputs.snapshot.map(\.node)
        var dropped: DroppedMetrics = nodes.count == 1 ? [.unobserved] : []
        var result: [UInt32: Contribution] = [:]
        let signed = Dictionary(inputs.attestations.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        let said = statements(inputs)
        for node in nodes {
            let views = said[node] ?? []
            let held = views.compactMap(heldView)
            let available = views.compactMap(availableView)
            if nodes.count > 1 {
                let quorum = quorum(of: nodes.count - 1)
                if held.count < quorum { dropped.insert(.held) }
                if available.count < quorum { dropped.insert(.available) }
            }
            let record = signed[node]
            result[node] = Contribution(
                held: lowerMedian(held), available: lowerMedian(available),
                attested: record.map { $0.due == 0 ? Contribution.whole : fraction($0.given, of: $0.due) }
                    ?? Contribution.whole)
        }
        for node in nodes {
            if dropped.contains(.held) || dropped.contains(.unobserved) { result[node]?.held = Contribution.whole }
            if dropped.contains(.available) || dropped.contains(.unobserved) {
                result[node]?.available = Contribution.whole
            }
        }
        return (result, dropped)
    }

    /// What the observers of the snapshot say of each node other than themselves.
    private static func statements(_ inputs: RewardInputs) -> [UInt32: [Observation.Subject]] {
        let nodes = Set(inputs.snapshot.map(\.node))
        var said: [UInt32: [Observation.Subject]] = [:]
        for observation in inputs.observations where nodes.contains(observation.observer) {
            for subject in observation.subjects where subject.node != observation.observer {
                said[subject.node, default: []].append(subject)
            }
        }
        return said
    }

    /// One observer's view of how available a node was; none where it was never probed.
    static func availableView(_ subject: Observation.Subject) -> UInt32? {
        subject.probes > 0 ? fraction(subject.answered, of: subject.probes) : nil
    }

    /// One observer's view of what a node holds: nothing where it never answered, no view where nothing was asked.
    static func heldView(_ subject: Observation.Subject) -> UInt32? {
        guard subject.challenges == 0 else { return fraction(subject.passed, of: subject.challenges) }
        return subject.answered == 0 && subject.probes > 0 ? 0 : nil
    }

    /// ⌈2n ÷ 3⌉ of n observers.
    static func quorum(of observers: Int) -> Int { (2 * observers + 2) / 3 }

    static func fraction(_ part: UInt32, of whole: UInt32) -> UInt32 {
        whole == 0 ? 0 : UInt32(UInt64(part) * UInt64(Contribution.whole) / UInt64(whole))
    }

    /// The lower of the two middle values where their number is even; 0 of none.
    static func lowerMedian(_ values: [UInt32]) -> UInt32 {
        values.isEmpty ? 0 : values.sorted()[(values.count - 1) / 2]
    }
}
