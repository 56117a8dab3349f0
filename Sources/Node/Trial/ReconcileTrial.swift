import Primitives

/// What it takes to make two sets of events equal: the reconciliation of a node, between two sets in memory, every frame
/// written, counted and read.
public struct ReconcileTrial: Sendable {
    /// Which events only one side holds.
    public enum Placement: String, CaseIterable, Sendable {
        /// Anywhere; every second one on the one side, the others on the other.
        case scattered
        /// The newest, on one side only.
        case tail
    }

    /// Which way differences are found in.
    public enum Way: String, CaseIterable, Sendable {
        /// As a node does: by what the counts say.
        case node
        /// Places of chains only.
        case places
        /// Sketches only.
        case sketch
        /// Trees only.
        case tree
    }

    /// What a trial took.
    public struct Figures: Sendable {
        /// Of frames in both directions, the events themselves left out.
        public let bytes: Int
        /// Questions that were answered.
        public let roundTrips: Int
        /// Processor seconds of the side that asks first, or of the other: the larger. Taking events in, with the upkeep of trees
        /// and sketches, is not part of it.
        public let secondsPerSide: Double
        /// Whether both sides' last comparison said that they are equal, and they are.
        public let isEqualityProved: Bool
    }

    private let all: UInt64
    private let one: TrialSide
    private let other: TrialSide
    private let differing: [UInt64: UInt64]

    /// Makes two sets that together have `events` events, of which `difference` are on one side only.
    public init(events count: Int, difference: Int, placement: Placement, originators: Int = 20, seed: UInt64) {
        precondition((0...count).contains(difference), "no more events differ than there are")
        let all = UInt64(count)
        let events = TrialEvents(originators: UInt32(originators), dayEvents: max(1, all / 8))
        var generator = SplitMix64(seed: seed)
        var missing: [UInt64] = []
        switch placement {
        case .tail: missing = Array(all - UInt64(difference)..<all)
        case .scattered:
            var chosen: Set<UInt64> = []
            while chosen.count < difference { chosen.insert(.random(in: 0..<all, using: &generator)) }
            missing = chosen.sorted()
        }
        let notOnOne = Set(placement == .tail ? missing : missing.indices.filter { $0 % 2 == 0 }.map { missing[$0] })
        let notOnOther = Set(missing).subtracting(notOnOne)
        self.all = all
        one = TrialSide(events: events, held: (0..<all).lazy.filter { !notOnOne.contains($0) })
        other = TrialSide(events: events, held: (0..<all).lazy.filter { !notOnOther.contains($0) })
        differing = Dictionary(
            missing.map { (SHA256.hash(events.event($0).canonicalBytes).prefix, $0) }, uniquingKeysWith: { a, _ in a })
    }

    /// Makes both sides ready, as nodes are that have compared before: sketches under each other's keys, trees hashed.
    public func prepare() async throws {
        one.makeSketch(other.key)
        other.makeSketch(one.key)
        _ = try await one.state()
        _ = try await other.state()
    }

    /// Reconciles one side from the other, then the other from the one.
    public func run(_ way: Way) async throws -> Figures {
        let allowed: Set<ReconcileSteps.Step> =
            switch way {
            case .node: Set(ReconcileSteps.Step.allCases)
            case .places: [.places]
            case .sketch: [.sketch]
            case .tree: [.tree]
            }
        let reconciler = SetReconciler(ways: allowed)
        let toOther = TrialLink(to: other, differing: differing)
        let toOne = TrialLink(to: one, differing: differing)
        let begin = ThreadClock.processSeconds
        _ = try await reconciler.reconcile(one, with: toOther.on(TrialEvents.shard), isPatient: true)
        let middle = ThreadClock.processSeconds
        let outcome = try await reconciler.reconcile(other, with: toOne.on(TrialEvents.shard), isPatient: true)
        let end = ThreadClock.processSeconds
        let (first, second) = (toOther.traffic, toOne.traffic)
        let asking = (
            middle - begin - first.answeringSeconds - first.madeUpSeconds - one.takingSeconds,
            end - middle - second.answeringSeconds - second.madeUpSeconds - other.takingSeconds
        )
        let states = (try await one.state(), try await other.state())
        return Figures(
            bytes: first.bytes + second.bytes, roundTrips: first.roundTrips + second.roundTrips,
            secondsPerSide: max(asking.0 + second.answeringSeconds, asking.1 + first.answeringSeconds),
            isEqualityProved: outcome == .equal && states.0 == states.1 && states.0.count == all)
    }
}
