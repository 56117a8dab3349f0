import Channels
import Primitives
import Rewards
import Testing

@testable import Node

@Suite struct EventStoreTests {
    private let network = TestNetwork()

    @Test(arguments: 0..<5 as Range<UInt64>)
    func `any order of delivery, with repeats, gives the same topics, messages and summary`(_ seed: UInt64) async throws
    {
        var originators = (1...3).map { TestOriginator($0, log: network.log) }
        var tips: [UInt64: [Bytes32]] = [:]
        var generator = SplitMix64(seed: seed)
        var events: [CheckedEvent] = []
        for number in 0..<60 as Range<UInt64> {
            let who = Int.random(in: 0..<3, using: &generator)
            let topic = UInt64.random(in: 1...3, using: &generator)
            let links = Array(tips[topic, default: []].suffix(2)).sorted()
            let wire = originators[who].next(.sample(number, topic: topic), links: links)
            tips[topic, default: []].append(wire.id)
            events.append(try wire.unchecked())
        }
        let ordered = try await network.store(1)
        _ = try await ordered.admit(events, from: nil, head: nil)
        #expect(try await ordered.figures().events == 60)
        for (place, number) in (2...4 as ClosedRange<UInt32>).enumerated() {
            let store = try await network.store(number)
            let order = (events + events.prefix(20)).shuffled(seed: seed * 10 + UInt64(place))
            var rest = order[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...9, using: &generator)
                _ = try await store.admit(Array(rest.prefix(count)), from: nil, head: nil)
                rest = rest.dropFirst(count)
            }
            #expect(await store.days() == ordered.days())
            let topics = try await store.topics(after: nil, limit: 10)
            #expect(try await topics == ordered.topics(after: nil, limit: 10))
            for topic in topics {
                let messages = try await store.messages(in: topic.id, after: nil, limit: 100)
                #expect(try await messages == ordered.messages(in: topic.id, after: nil, limit: 100))
                #expect(UInt64(messages.count) == topic.events)
            }
            #expect(try await store.tips() == ordered.tips())
        }
    }

    @Test func `a message never comes before one that was paid for earlier, and pages join without a hole`()
        async throws
    {
        var one = TestOriginator(1, log: network.log)
        var two = TestOriginator(2, log: network.log)
        var links: [Bytes32] = []
        var events: [CheckedEvent] = []
        for number in 0..<20 as Range<UInt64> {
            let left = one.next(.sample(number * 2), links: links)
            let right = two.next(.sample(number * 2 + 1), links: links)
            links = [left.id, right.id].sorted()
            events += [try left.unchecked(), try right.unchecked()]
        }
        let store = try await network.store(1)
        _ = try await store.admit(events.shuffled(seed: 1), from: nil, head: nil)
        var shown: [StoredMessage] = []
        while true {
            let page = try await store.messages(in: events[0].event.topic, after: shown.last?.cursor, limit: 7)
            shown += page
            if page.isEmpty { break }
        }
        #expect(shown.count == 40 && Set(shown.map(\.id)).count == 40)
        #expect(shown.map(\.cursor) == shown.map(\.cursor).sorted())
        #expect(shown.map(\.charge) == Array(1...40))
    }

    @Test func `of the events that carry one charge the smallest id is the message, each counts as event`() async throws
    {
        let envelope = Envelope.sample(1)
        let receipt = network.log.charge([envelope])[0]
        let events = try (1...3 as ClosedRange<UInt32>).map {
            try TestOriginator($0, log: network.log).event(envelope, receipt: receipt, sequence: 1).unchecked()
        }
        let store = try await network.store(1)
        let report = try await store.admit(events, from: nil, head: nil)
        #expect(report.results == [.new, .new, .new])
        let figures = try await store.figures()
        #expect(figures.events == 3 && figures.messages == 1)
        let messages = try await store.messages(in: envelope.head.topic, after: nil, limit: 10)
        #expect(messages.map(\.id) == [events.map(\.id).min()])
        #expect(try await store.charges(of: 1).runs.map(\.count) == [1])
        #expect(try await store.database(count: "envelope") == 1)
    }

    @Test(arguments: [false, true])
    func
        `of two events of one originator for a charge the smaller is held, whichever came first, and both are evidence`(
            _ isSmallerFirst: Bool
        ) async throws
    {
        let envelope = Envelope.sample(1)
        let receipt = network.log.charge([envelope])[0]
        var originator = TestOriginator(1, log: network.log)
        let first = originator.event(envelope, receipt: receipt, sequence: 1)
        (originator.sequence, originator.previous) = (1, first.id)
        let again = originator.event(envelope, receipt: receipt, sequence: 2)
        (originator.sequence, originator.previous) = (2, again.id)
        let after = originator.next(.sample(2))
        let (smaller, larger) = first.id < again.id ? (first, again) : (again, first)
        let store = try await network.store(1)
        let pair = isSmallerFirst ? [smaller, larger] : [larger, smaller]
        let report = try await store.admit(try ([after] + pair).map { try $0.unchecked() }, from: nil, head: nil)
        #expect(report.results == [.new, .new, isSmallerFirst ? .refused : .new])
        #expect(report.refusals.contains { $0.id == larger.id })
        let figures = try await store.figures()
        #expect(figures.events == 2 && figures.messages == 2 && figures.topics == 1)
        #expect(Set(try await store.evidence().flatMap { [$0.0, $0.1] }).isSuperset(of: [first.id, again.id]))
        #expect(try await store.result(of: [smaller.id, larger.id, after.id]) == [.known, .refused, .known])
        #expect(try await store.unknown([.id(larger.id)]).isEmpty)
        let other = try await network.store(2)
        _ = try await other.admit(try [smaller, after].map { try $0.unchecked() }, from: nil, head: nil)
        #expect(await store.state() == other.state())
        #expect(await store.answer(.places(.one)) == other.answer(.places(.one)))
        #expect(try await store.database(count: "envelope") == 2)
    }

    @Test(arguments: [false, true])
    func `an event that names another predecessor than the one held is held, and both are evidence`(
        _ isSwapped: Bool
    ) async throws {
        var originator = TestOriginator(1, log: network.log)
        let first = originator.next(.sample(1))
        originator.previous = .zero.flipped
        let second = originator.next(.sample(2))
        let third = originator.next(.sample(3))
        let store = try await network.store(1)
        let order = isSwapped ? [third, second, first] : [first, second, third]
        let report = try await store.admit(try order.map { try $0.unchecked() }, from: nil, head: nil)
        #expect(report.taken == 3)
        #expect(report.refusals.map(\.refusal) == [.otherPrevious(sequence: 2, held: isSwapped ? second.id : first.id)])
        let pair = try await store.evidence()
        #expect(Set(pair.flatMap { [$0.0, $0.1] }) == [first.id, second.id])
    }

    @Test(arguments: [false, true])
    func `two events on one sequence are evidence on every node, and what links to either is admitted`(
        _ isSwapped: Bool
    ) async throws {
        let forger = TestOriginator(1, log: network.log)
        let envelopes = [Envelope.sample(1), Envelope.sample(2)]
        let receipts = network.log.charge(envelopes)
        let left = forger.event(envelopes[0], receipt: receipts[0], sequence: 1)
        let right = forger.event(envelopes[1], receipt: receipts[1], sequence: 1)
        var honest = TestOriginator(2, log: network.log)
        let child = honest.next(.sample(3), links: [left.id])
        let other = honest.next(.sample(4), links: [right.id])
        let events = try [left, right, child, other].map { try $0.unchecked() }
        let store = try await network.store(1)
        let order = isSwapped ? [1, 0, 3, 2] : [0, 1, 2, 3]
        let report = try await store.admit(order.map { events[$0] }, from: nil, head: nil)
        #expect(
            report.refusals.map(\.refusal) == [.secondOnSequence(sequence: 1, held: isSwapped ? right.id : left.id)]
        )
        let figures = try await store.figures()
        #expect(figures.events == 4 && figures.evidence == 1)
        let expected = events.map(\.id).sorted()
        let bucket = try #require(await store.days().first)
        #expect(bucket.node == TreeContent.leaf(expected).node)
        let pair = try await store.evidence()
        #expect(Set(pair.flatMap { [$0.0, $0.1] }) == [left.id, right.id])
        for bytes in pair.flatMap({ [$0.2, $0.3] }) { #expect([left.event, right.event].contains(bytes)) }
    }

    @Test func `served events and bytes are counted once, for who was first`() async throws {
        let chain = network.log.unsignedChain(1, count: 6)
        let store = try await network.store(9)
        _ = try await store.admit(Array(chain[3...]), from: 4, head: nil)
        _ = try await store.admit(Array(chain[..<3]), from: 5, head: nil)
        _ = try await store.admit(chain, from: 5, head: nil)
        let subjects = try await store.subjects(of: 1)
        func bytes(_ events: some Sequence<CheckedEvent>) -> UInt64 {
            events.reduce(0) { $0 + UInt64($1.wire.event.count + $1.wire.envelope.count) }
        }
        #expect(subjects.map(\.node) == [4, 5])
        #expect(subjects.map(\.firstDelivered) == [3, 3])
        #expect(subjects.map(\.bytesServed) == [bytes(chain[3...]), bytes(chain[..<3])])
    }

    @Test func `challenges are picked among all events held before, each once, the same again`() async throws {
        let chain = network.log.unsignedChain(1, count: 20)
        network.log.setTime(TestLog.start + 3 * 86_400)
        let later = network.log.unsignedChain(2, count: 5, firstSample: 500)
        let store = try await network.store(1)
        _ = try await store.admit(Array(chain[..<12]) + later, from: nil, head: nil)
        let arrival = try await store.lastArrival()
        _ = try await store.admit(chain, from: nil, head: nil)
        var seen: Set<Bytes32> = []
        for day in 0..<40 as Range<UInt32> {
            let points = ProbeProofs.points(seed: 1, day: UTCDay(number: day), observer: 1, subject: 2, count: 8)
            let picked = try await store.pick(
                points: points, in: [.one], epoch: 1, arrival: arrival, after: UTCDay(number: 0))
            #expect(picked.count == 8 && Set(picked).count == 8)
            #expect(
                try await picked
                    == store.pick(points: points, in: [.one], epoch: 1, arrival: arrival, after: UTCDay(number: 0)))
            seen.formUnion(picked)
        }
        #expect(seen == Set(chain[..<12].map(\.id)))
        let points = ProbeProofs.points(seed: 1, day: UTCDay(number: 1), observer: 1, subject: 2, count: 8)
        #expect(
            try await store.pick(points: points, in: [.one], epoch: 0, arrival: arrival, after: UTCDay(number: 0))
                .isEmpty)
    }
}

extension EventStore {
    func database(count table: String) throws -> Int64? {
        try database.first("SELECT COUNT(*) FROM \(table)") { $0.integer(0) }
    }

    fileprivate func evidence() throws -> [(Bytes32, Bytes32, [UInt8], [UInt8])] {
        try database.rows("SELECT id, other, bytes, other_bytes FROM evidence") { row throws(SQLiteFailure) in
            (try row.bytes32(0), try row.bytes32(1), row.blob(2), row.blob(3))
        }
    }
}

extension Bytes32 {
    /// Every bit the other way.
    fileprivate var flipped: Bytes32 {
        let words = words
        return Bytes32(words: (~words.0, ~words.1, ~words.2, ~words.3))
    }
}
