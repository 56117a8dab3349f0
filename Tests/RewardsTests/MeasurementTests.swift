import Primitives
import Rewards
import Testing

@Suite struct MeasurementTests {
    private typealias Subject = Observation.Subject

    /// What is measured of node 1 where each other node says one of `views` of it and praises everybody else.
    private static func measure(_ views: [Subject?]) -> (of: Contribution?, dropped: DroppedMetrics) {
        let numbers = (0...views.count).map { UInt32($0 + 1) }
        var inputs = TestRewards(nodes: numbers.map { _ in .init(stake: 1) }).inputs
        inputs.observations = inputs.observations.map { observation in
            guard observation.observer > 1 else { return observation }
            let said = views[Int(observation.observer) - 2].map { [$0] } ?? []
            return Observation(
                epoch: 1, observer: observation.observer,
                subjects: said + observation.subjects.filter { $0.node != 1 })
        }
        let (contributions, dropped) = Measurement.contributions(inputs)
        return (contributions[1], dropped)
    }

    private static func asked(_ answered: UInt32, of probes: UInt32, passed: UInt32, of challenges: UInt32) -> Subject {
        TestRewards.subject(1, probes: probes, answered: answered, challenges: challenges, passed: passed)
    }

    private static let whole: UInt32 = 1_000_000_000

    @Test func `held is passed of challenges, rounded down to parts of 10^9`() {
        for (passed, challenges, parts): (UInt32, UInt32, UInt32) in [
            (0, 1, 0), (1, 1, Self.whole), (1, 3, 333_333_333), (2, 3, 666_666_666), (.max, .max, Self.whole),
            (.max - 1, .max, 999_999_999), (1, .max, 0), (5, 2_500_000_000, 2),
        ] {
            let view = Self.asked(1, of: 1, passed: passed, of: challenges)
            let (found, dropped) = Self.measure([view, view, view])
            #expect(found?.held == parts, "\(passed) of \(challenges)")
            #expect(dropped.isEmpty)
        }
    }

    @Test func `who was not challenged has a view of held only where it never answered`() {
        let none = DroppedMetrics()
        let cases: [(String, Subject, Contribution, DroppedMetrics)] = [
            (
                "silent", Self.asked(0, of: 7, passed: 0, of: 0),
                Contribution(held: 0, available: 0, attested: Self.whole), none
            ),
            (
                "answered once, never challenged", Self.asked(1, of: 10, passed: 0, of: 0),
                Contribution(held: Self.whole, available: 100_000_000, attested: Self.whole), .held
            ),
            (
                "never asked", Self.asked(0, of: 0, passed: 0, of: 0),
                Contribution(held: Self.whole, available: Self.whole, attested: Self.whole), [.held, .available]
            ),
            (
                "challenged and never probed", Self.asked(0, of: 0, passed: 1, of: 4),
                Contribution(held: 250_000_000, available: Self.whole, attested: Self.whole), .available
            ),
        ]
        for (name, view, expected, dropped) in cases {
            let found = Self.measure([view, view, view])
            #expect(found.of == expected, "\(name)")
            #expect(found.dropped == dropped, "\(name)")
        }
    }

    @Test func `a metric needs views of two thirds of the others, each metric for itself`() {
        for (others, quorum) in [1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 4, 7: 5, 9: 6, 10: 7] {
            for views in 0...others {
                let half = Self.asked(1, of: 2, passed: 1, of: 2)
                let unchallenged = Self.asked(1, of: 2, passed: 0, of: 0)
                func said(_ other: Subject?) -> [Subject?] {
                    (0..<others).map { $0 < views ? half : other }
                }
                let absent = Self.measure(said(nil))
                #expect(absent.dropped == (views < quorum ? [.held, .available] : []), "\(views) of \(others)")
                #expect(absent.of?.held == (views < quorum ? Self.whole : 500_000_000), "\(views) of \(others)")
                let partly = Self.measure(said(unchallenged))
                #expect(partly.dropped == (views < quorum ? .held : []), "\(views) of \(others)")
                #expect(partly.of?.available == 500_000_000, "\(views) of \(others)")
            }
        }
    }

    @Test func `the lower of two middle views counts`() {
        func held(_ passed: [UInt32]) -> UInt32? {
            Self.measure(passed.map { Self.asked(1, of: 1, passed: $0, of: 10) }).of?.held
        }
        #expect(held([3]) == 300_000_000)
        #expect(held([9, 3]) == 300_000_000)
        #expect(held([9, 1, 5]) == 500_000_000)
        #expect(held([9, 1, 5, 7]) == 500_000_000)
        #expect(held([10, 10, 0, 0]) == 0)
    }

    /// f liars among 2f + 1 observers do not move a measure out of what the honest ones saw.
    @Test func `L26: a minority of liars keeps a measure within what honest observers saw`() {
        for seed in UInt64(1)...200 {
            var generator = SplitMix64(seed: seed)
            let liars = Int.random(in: 0...4, using: &generator)
            let honest = (0..<liars + 1 + Int.random(in: 0...2, using: &generator)).map { _ in
                UInt32.random(in: 300...700, using: &generator)
            }
            let lies = (0..<liars).map { _ in
                [0, 1_000, UInt32.random(in: 0...1_000, using: &generator)].randomElement(using: &generator) ?? 0
            }
            let views = (honest + lies).shuffled(using: &generator)
                .map { Self.asked($0, of: 1_000, passed: $0, of: 1_000) }
            let found = Self.measure(views)
            let range = (honest.min() ?? 0) * 1_000_000...(honest.max() ?? 0) * 1_000_000
            #expect(found.dropped.isEmpty, "seed \(seed)")
            #expect(range.contains(found.of?.held ?? 0), "seed \(seed)")
            #expect(range.contains(found.of?.available ?? 0), "seed \(seed)")
        }
    }

    @Test func `what a node says of itself, and what strangers say, does not count`() {
        var inputs = TestRewards(nodes: [.init(stake: 1), .init(stake: 1)]).inputs
        let before = Measurement.contributions(inputs).contributions
        let own = inputs.observations.map {
            Observation(epoch: 1, observer: $0.observer, subjects: $0.subjects + [Self.slander($0.observer)])
        }
        let strangers = (UInt32(77)...80).map {
            Observation(epoch: 1, observer: $0, subjects: [Self.slander(1), Self.slander(2)])
        }
        for observations in [own, inputs.observations + strangers] {
            inputs.observations = observations
            #expect(Measurement.contributions(inputs).contributions == before)
        }
        inputs.observations = strangers
        #expect(Measurement.contributions(inputs).dropped == [.held, .available])
    }

    private static func slander(_ node: UInt32) -> Subject {
        TestRewards.subject(node, probes: 9, answered: 0, challenges: 9, passed: 0)
    }

    @Test func `an only node is unobserved and whole, whatever is said`() {
        let alone = TestRewards(nodes: [.init(stake: 1, attested: 250)]).inputs
        let (contributions, dropped) = Measurement.contributions(alone)
        #expect(dropped == .unobserved)
        #expect(dropped.rawValue == 4)
        #expect(contributions[1] == Contribution(held: Self.whole, available: Self.whole, attested: 250_000_000))
    }

    @Test func `attested is given of due, and whole where nothing was due or recorded`() {
        var inputs = TestRewards(nodes: (0..<4).map { _ in .init(stake: 1) }).inputs
        inputs.attestations = [
            AttestationRecord(node: 1, due: 3, given: 1), AttestationRecord(node: 2, due: 0, given: 0),
            AttestationRecord(node: 3, due: 5, given: 0),
        ]
        let found = Measurement.contributions(inputs).contributions
        #expect((1...4).map { found[$0]?.attested } == [333_333_333, Self.whole, 0, Self.whole])
    }

    @Test func `quality is the product of the three, rounded down once`() {
        for (held, available, attested, quality): (UInt32, UInt32, UInt32, UInt32) in [
            (Self.whole, Self.whole, Self.whole, Self.whole), (0, Self.whole, Self.whole, 0),
            (Self.whole, Self.whole, 1, 1),
            (999_999_999, 999_999_999, 999_999_999, 999_999_997), (500_000_000, 500_000_000, 500_000_000, 125_000_000),
            (1, Self.whole, 999_999_999, 0), (333_333_333, 333_333_333, Self.whole, 111_111_110),
        ] {
            #expect(Contribution(held: held, available: available, attested: attested).quality == quality)
        }
    }
}
