import Channels
import Primitives
import Testing

@testable import Node

@Suite struct ArrivalTests {
    private let network = TestNetwork()

    @Test func `messages are told in the order in which they came, each charge once, page after page`() async throws {
        let store = try await network.store(1)
        let envelopes = (0..<40).map { Envelope.sample($0) }
        let receipts = network.log.charge(envelopes)
        var one = TestOriginator(1, log: network.log)
        var two = TestOriginator(2, log: network.log)
        var came: [UInt64] = []
        for (place, (envelope, receipt)) in zip(envelopes, receipts).enumerated() {
            let first = try one.next(envelope, receipt: receipt).unchecked()
            let second = try two.next(envelope, receipt: receipt).unchecked()
            let order = place.isMultiple(of: 2) ? [first, second] : [second, first]
            _ = try await store.admit(order, from: nil, head: nil)
            came.append(receipt.charge.number)
        }
        let topic = envelopes[0].head.topic
        for limit in [1, 7, 100] {
            var told: [ArrivedMessage] = []
            while true {
                let page = try await store.arrivals(in: topic, after: told.last?.arrival ?? 0, limit: limit)
                guard !page.isEmpty else { break }
                #expect(page.count <= limit)
                told += page
            }
            #expect(told.map(\.message.charge) == came)
            #expect(told.map(\.message.envelope) == envelopes)
            // The one that came first, whichever id is the smaller.
            #expect(told.map { $0.message.event.event.originator } == (0..<40).map { $0.isMultiple(of: 2) ? 1 : 2 })
        }
        #expect(try await store.arrivals(in: .zero, after: 0, limit: 9).isEmpty)
        let newest = try await store.lastArrival()
        #expect(try await store.arrivals(in: topic, after: newest, limit: 9).isEmpty)
    }

    @Test func `a page of large envelopes ends early, and the next goes on`() async throws {
        let store = try await network.store(1)
        let envelopes = (0..<6).map { Envelope.sample($0, bytes: 400_000) }
        var one = TestOriginator(1, log: network.log)
        for (envelope, receipt) in zip(envelopes, network.log.charge(envelopes)) {
            _ = try await store.admit([try one.next(envelope, receipt: receipt).unchecked()], from: nil, head: nil)
        }
        let topic = envelopes[0].head.topic
        let first = try await store.arrivals(in: topic, after: 0, limit: 100)
        #expect(first.count == 4)
        let rest = try await store.arrivals(in: topic, after: first[3].arrival, limit: 100)
        #expect((first + rest).map(\.message.envelope) == envelopes)
    }

    @Test func `who watches is woken by what is published and by what a peer brings`() async throws {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let network = network
        try await network.run([one, two]) {
            #expect(await eventually { await two.status().isSynced })
            let here = one.watchAdmissions()
            let there = two.watchAdmissions()
            #expect(await one.publish(network.paid([.sample(1)])).first?.event != nil)
            #expect(await here.wait(atMost: .seconds(120)))
            #expect(await there.wait(atMost: .seconds(120)))
            let told = (try? await two.arrivals(in: Envelope.sample(1).head.topic, after: 0)) ?? []
            #expect(told.count == 1)
            let isAgain = await here.wait(atMost: .milliseconds(50))
            #expect(!isAgain)
        }
    }

    @Test func `a message is found by when its charge was logged`() async throws {
        let store = try await network.store(1)
        var one = TestOriginator(1, log: network.log)
        for number in 0..<5 as Range<UInt64> {
            network.log.setTime(TestLog.start + 100 * number)
            _ = try await store.admit([try one.next(.sample(number)).unchecked()], from: nil, head: nil)
        }
        let topic = Envelope.sample(0).head.topic
        let cases: [(ClosedRange<UInt64>, Int)] = [
            (0...TestLog.start - 1, 0), (0...TestLog.start, 1), (TestLog.start + 100...TestLog.start + 300, 3),
            (TestLog.start + 101...TestLog.start + 299, 1), (TestLog.start + 401...UInt64(Int64.max), 0),
        ]
        for (range, count) in cases {
            let found = try await store.messages(in: topic, after: nil, logged: range, limit: 100)
            #expect(found.count == count && found.allSatisfy { range.contains($0.logged) })
        }
    }

    @Test func `an event is held, was refused or is unknown`() async throws {
        let store = try await network.store(1)
        let chain = network.log.unsignedChain(1, count: 3)
        _ = try await store.admit([chain[0], chain[2]], from: nil, head: nil)
        await store.remember(refused: [.zero])
        guard case .held(let held) = try await store.standing(of: chain[0].id) else {
            Issue.record("the first is held")
            return
        }
        #expect(held.originator == 1 && held.sequence == 1 && held.charge == chain[0].charge.number)
        #expect(try await store.standing(of: .zero) == .refused)
        #expect(try await store.standing(of: chain[1].id) == .unknown)
    }
}
