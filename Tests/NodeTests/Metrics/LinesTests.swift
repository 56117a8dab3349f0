import Channels
import Logging
import Primitives
import Testing

@testable import Node

@Suite struct LinesTests {
    private let network = TestNetwork()
    private let begin = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { begin + .seconds(seconds) }

    @Test func `a line is told for what lasts, none for pushes that cross a comparison`() {
        var story = PeerStory()
        #expect(story.connected(events: 10, now: at(0)) == .connected)
        #expect(story.compared(isEqual: false, events: 15, now: at(1)) == nil)
        #expect(story.compared(isEqual: true, events: 40, now: at(3)) == .equal(after: .seconds(3), events: 30))
        for second in 4..<20 {
            #expect(story.compared(isEqual: second % 2 == 0, events: 50, now: at(second)) == nil)
        }
        #expect(story.compared(isEqual: true, events: 50, now: at(20)) == nil)
        for second in 21...22 { #expect(story.compared(isEqual: false, events: 50, now: at(second)) == nil) }
        #expect(story.compared(isEqual: false, events: 50, now: at(23)) == .healing(comparisons: 3))
        #expect(story.compared(isEqual: false, events: 60, now: at(24)) == nil)
        #expect(story.compared(isEqual: true, events: 70, now: at(31)) == .equal(after: .seconds(10), events: 20))
        #expect(story.ended(reason: "closed", now: at(40)) == .lost(after: .seconds(40), reason: "closed"))
    }

    @Test func `of attempts that fail alike one is told`() {
        var story = PeerStory()
        #expect(story.ended(reason: "unreachable", now: at(0)) == .failed(reason: "unreachable"))
        for second in 1..<9 { #expect(story.ended(reason: "unreachable", now: at(second)) == nil) }
        #expect(story.ended(reason: "refused_twin", now: at(9)) == .failed(reason: "refused_twin"))
        _ = story.connected(events: 0, now: at(10))
        #expect(story.ended(reason: "closed", now: at(12)) == .lost(after: .seconds(2), reason: "closed"))
        #expect(story.ended(reason: "unreachable", now: at(13)) == .failed(reason: "unreachable"))
    }

    @Test func `a budget lets some lines through at once, then one a period, and says how many it left out`() {
        var budget = LineBudget(most: 3, period: .seconds(60))
        #expect((0..<10).map { _ in budget.take(now: at(0)) } == [0, 0, 0] + Array(repeating: nil, count: 7))
        #expect(budget.take(now: at(59)) == nil)
        #expect(budget.take(now: at(61)) == 8)
        #expect(budget.take(now: at(62)) == nil)
        #expect((0..<5).map { _ in budget.take(now: at(10_000)) } == [1, 0, 0, nil, nil])
    }

    @Test func `the disk that fills up and has room again is told of once each`() {
        let recorded = RecordedLines()
        let lines = NodeLines(logger: recorded.logger)
        lines.disk(isFull: false, budget: 7)
        for isFull in [true, true, true, false, false, true] { lines.disk(isFull: isFull, budget: 7) }
        #expect(recorded.all.map(\.level) == [.warning, .info, .warning])
        #expect(recorded.all.allSatisfy { $0.metadata["disk.budget"] == "7" })
    }

    @Test func `contradictions say of whom, and an originator that makes many gets few lines`() async throws {
        let recorded = RecordedLines()
        let node = try await ReplicationNode(network.configuration(1), logger: recorded.logger)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        let two = TestOriginator(2, log: network.log)
        for number in 0..<30 as Range<UInt64> {
            let paid = network.paid([.sample(number)])[0]
            _ = try await node.core.take([two.event(paid.envelope, receipt: paid.receipt, sequence: 1)], from: 3)
        }
        let three = TestOriginator(3, log: network.log)
        for number in 40..<42 as Range<UInt64> {
            let paid = network.paid([.sample(number)])[0]
            _ = try await node.core.take([three.event(paid.envelope, receipt: paid.receipt, sequence: 1)], from: 2)
        }
        let told = recorded.with("an originator contradicted itself, both events are kept as evidence")
        #expect(told.count { $0.metadata["event.originator"] == "2" } == 4)
        #expect(told.count { $0.metadata["event.originator"] == "3" } == 1)
        #expect(
            told.allSatisfy { $0.metadata["event.contradiction"] == "sequence" && $0.metadata["peer.number"] != nil })
        #expect(await node.scrape()[#"contradictions_total{of="sequence"}"#] == 30)
    }

    @Test func `a floor that rises says day, events and bytes, and an epoch that opens its number`() async throws {
        let recorded = RecordedLines()
        let node = try await ReplicationNode(network.configuration(1), logger: recorded.logger)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        var two = TestOriginator(2, log: network.log)
        _ = try await node.core.take((0..<9).map { two.next(.sample($0, expiry: 20_460)) }, from: 2)
        network.log.setTime(20_462 * 86_400)
        for _ in 0..<3 { try await node.observe(network.log.head()) }
        try await node.observe(network.log.seal(40))
        try await Eviction(core: node.core).advance()
        let floor = try #require(recorded.with("expired messages are dropped").first?.metadata)
        #expect(floor["floor"] == "\(UTCDay(number: 20_462))" && floor["floor.events"] == "9")
        #expect(UInt64(floor["floor.bytes"] ?? "").map { $0 > 1_000 } == true)
        #expect(
            recorded.with("an epoch is open").compactMap { $0.metadata["epoch"] } == [
                "1", "\(network.log.head().head.epoch)",
            ])
    }

    @Test func `events that any peer can send leave no line`() async throws {
        let recorded = RecordedLines()
        let node = try await ReplicationNode(network.configuration(1), logger: recorded.logger)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        let before = recorded.all.count
        for number in 0..<50 as Range<UInt8> {
            _ = try await node.core.take([WireEvent(event: [number], signature: [], envelope: [])], from: 2)
        }
        #expect(recorded.all.count == before)
        #expect(await node.scrape()[#"event_refusals_total{reason="signature_form"}"#] == 50)
    }
}
