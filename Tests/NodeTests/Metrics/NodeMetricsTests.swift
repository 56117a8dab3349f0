import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct NodeMetricsTests {
    private let network = TestNetwork()

    private func node(_ configuration: NodeConfiguration? = nil) async throws -> ReplicationNode {
        let node = try await ReplicationNode(configuration ?? network.configuration(1), logger: .silent)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        return node
    }

    @Test func `names, kinds and labels are as Prometheus has them, and every family is explained`() async throws {
        let node = try await node()
        try await node.observe(network.log.head())
        _ = await node.publish(network.paid([.sample(1)]))
        let lines = await node.metrics().split(separator: "\n")
        var kinds: [Substring: Substring] = [:]
        for line in lines where line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ")
            #expect(kinds.updateValue(words[3], forKey: words[2]) == nil, "\(words[2]) is there twice")
            #expect((words[3] == "counter") == words[2].hasSuffix("_total"), "\(words[2])")
            #expect(lines.contains { $0.hasPrefix("# HELP \(words[2]) ") && $0.hasSuffix(".") }, "\(words[2])")
        }
        #expect(kinds.count > 50)
        let form = try Regex(#"^feesvc_node_[a-z0-9_]+(\{[a-z]+="[A-Za-z0-9_.+]+"\})? -?[0-9.e+-]+$"#)
        for line in lines where !line.hasPrefix("#") { #expect(line.wholeMatch(of: form) != nil, "\(line)") }
    }

    @Test func `what is held, published and brought is counted`() async throws {
        let node = try await node()
        _ = await node.publish(network.paid((1...3).map { .sample($0) }))
        let again = network.paid([.sample(9)])
        for _ in 0..<2 { _ = await node.publish(again) }
        var two = TestOriginator(2, log: network.log)
        let wires = (20..<30).map { two.next(.sample($0, topic: 2)) }
        _ = try await node.core.take(Array(wires[..<6]) + [wires[8]], from: 2)
        _ = try await node.core.take(Array(wires[..<2]), from: 2)
        let scrape = await node.scrape()
        #expect(scrape["events"] == 11 && scrape["messages"] == 11 && scrape["topics"] == 2)
        #expect(scrape["events_published_total"] == 4 && scrape["publish_repeats_total"] == 1)
        #expect(scrape[#"events_received_total{result="new"}"#] == 7)
        #expect(scrape[#"events_received_total{result="known"}"#] == 2)
        #expect(scrape["gap_ranges"] == 1 && scrape["gap_places"] == 2)
        #expect(scrape[#"chain_gap_places{originator="2"}"#] == 2)
        #expect(scrape["wanted_events"] == 1)
        #expect(try #require(scrape["disk_used_bytes"]) > 10_000)
        #expect(scrape["commit_events_count"] == 4 && scrape["commit_events_sum"] == 12)
        #expect(scrape["disk_budget_bytes"] == nil && scrape["disk_full"] == 0 && scrape["store_up"] == 1)
    }

    @Test func `tips are counted as the tables have them, through forks, merges, evictions and restarts`() async throws
    {
        let node = try await node()
        var two = TestOriginator(2, log: network.log)
        var generator = SplitMix64(seed: 4)
        var ids: [Bytes32] = []
        for number in 0..<300 as Range<UInt64> {
            let links = Set(
                (0..<Int.random(in: 0...3, using: &generator)).compactMap { _ in ids.randomElement(using: &generator) })
            let wire = two.next(
                .sample(number, topic: number % 7, expiry: 20_460 + UInt32(number % 3)), links: Array(links))
            ids.append(wire.id)
            if number % 4 > 0 { _ = try await node.core.take([wire], from: 2) }
        }
        for number in 300..<500 as Range<UInt64> {
            _ = try await node.core.take([two.next(.sample(number, topic: 99, expiry: 20_461))], from: 2)
        }
        func compare() async throws {
            let widths = try await node.core.store.countedTips()
            let scrape = await node.scrape()
            #expect(scrape["tips"] == Double(widths.reduce(0, +)))
            #expect(scrape["widest_topic_tips"] == Double(widths.max() ?? 0))
            #expect(try await node.core.check().isEmpty)
        }
        try await compare()
        let before = await node.scrape()
        #expect(before["widest_topic_tips"] == 200)
        let (key, domain) = (network.key(1), network.log.domain)
        for day in [20_461, 20_462, 20_463] as [UInt32] {
            _ = try await node.core.store.raiseFloor(to: UTCDay(number: day)) {
                key.sign(domain.digest(of: $0.statement))
            }
            while try await node.core.store.evict(limit: 40) > 0 { try await compare() }
            try await compare()
        }
        #expect(await node.scrape()["tips"] == 0)
    }

    @Test func `each bad event is counted by the rule that it breaks`() async throws {
        let node = try await node()
        let log = network.log
        var two = TestOriginator(2, log: log)
        func take(_ wire: WireEvent, _ reason: String) async throws {
            _ = try await node.core.take([wire], from: 3)
            let scrape = await node.scrape()
            #expect(scrape["event_refusals_total{reason=\"\(reason)\"}"] == 1, "\(reason)")
        }
        let good = two.next(.sample(1))
        let other = SecretKey(seed: 9, label: "other").sign(.zero).bytes
        try await take(WireEvent(event: good.event, signature: other, envelope: good.envelope), "signature")
        let past = Envelope.sample(2, expiry: 1)
        try await take(two.next(past), "expiry_in_the_past")
        try await take(two.next(.sample(3, expiry: 4_000_000)), "expiry_beyond_the_limit")
        let paid = network.paid([.sample(4)])[0]
        try await take(two.event(paid.envelope, receipt: paid.receipt, sequence: .max), "sequence")
        var nine = TestOriginator(9, log: log)
        try await take(nine.next(.sample(5)), "unregistered")
        var stranger = TestOriginator(2, log: TestLog(seed: 2))
        try await take(stranger.next(.sample(6)), "other_log")
        try await take(WireEvent(event: [1, 2], signature: good.signature, envelope: []), "form")
        try await take(
            two.event(paid.envelope, receipt: network.log.charge([.sample(8)])[0], sequence: 5), "other_envelope")
    }

    @Test func `a second event on a place, and for a charge, is counted as a contradiction and kept`() async throws {
        let node = try await node()
        var two = TestOriginator(2, log: network.log)
        let paid = network.paid([.sample(1), .sample(2)])
        _ = try await node.core.take(
            [
                two.event(paid[0].envelope, receipt: paid[0].receipt, sequence: 1),
                two.event(paid[1].envelope, receipt: paid[1].receipt, sequence: 1),
            ], from: 3)
        two.previous = Bytes32(integer: 7)
        _ = try await node.core.take([two.event(paid[0].envelope, receipt: paid[0].receipt, sequence: 9)], from: 3)
        let scrape = await node.scrape()
        #expect(scrape[#"contradictions_total{of="sequence"}"#] == 1)
        #expect(scrape[#"contradictions_total{of="charge"}"#] == 1)
        #expect(scrape[#"evidence{of="events"}"#] == 2)
    }

    @Test func `heads of another log or key, and time that jumps, are counted`() async throws {
        let node = try await node()
        try await node.observe(network.log.head())
        for log in [TestLog(seed: 2)] { try? await node.observe(log.head()) }
        let head = network.log.head()
        try? await node.observe(SignedHead(head: head.head, signature: SecretKey(seed: 3, label: "x").sign(.zero)))
        let later = TestLog(time: TestLog.start + 3 * 86_400)
        try await node.observe(later.head())
        try await node.observe(head)
        let scrape = await node.scrape()
        #expect(scrape[#"head_refusals_total{reason="other_log"}"#] == 1)
        #expect(scrape[#"head_refusals_total{reason="signature"}"#] == 1)
        #expect(scrape[#"time_jumps_total{direction="forward"}"#] == 1)
        #expect(scrape[#"time_jumps_total{direction="back"}"#] == 1)
        #expect(scrape["head_timestamp_seconds"] == Double(TestLog.start + 3 * 86_400))
        #expect(scrape["epoch"] == 2 && scrape["unsealed_epochs"] == 1)
        try await node.observe(network.log.seal(1))
        #expect(await node.scrape()["unsealed_epochs"] == 0)
    }

    @Test func `a page that the disk has lost is counted, and the scrape says so`() async throws {
        let node = try await node()
        _ = await node.publish(network.paid((0..<40).map { .sample($0, bytes: 2_000) }))
        await node.core.store.disturb(with: SQLiteFailure(code: 11, message: "malformed"))
        let scrape = await node.scrape()
        #expect(scrape["store_up"] == 0)
        await node.core.store.disturb(with: nil)
        #expect(await node.scrape()[#"store_failures_total{reason="corrupt"}"#] == 1)
    }

    @Test func `refusals of publishers and the want of room are counted`() async throws {
        var configuration = network.configuration(1)
        configuration.limits.diskBytes = 1
        let lines = RecordedLines()
        let node = try await ReplicationNode(configuration, logger: lines.logger)
        await node.update(registry: [network.registered(1, port: 1)])
        _ = await node.publish(network.paid([.sample(1), .sample(2)]))
        let late = network.paid([.sample(3)])
        network.log.setTime(TestLog.start + 40_000)
        try await node.observe(network.log.head())
        _ = await node.publish(late)
        let scrape = await node.scrape()
        #expect(scrape[#"publish_refusals_total{reason="disk_full"}"#] == 2)
        #expect(scrape[#"publish_refusals_total{reason="late"}"#] == 1)
        #expect(scrape["disk_full"] == 1 && scrape["disk_budget_bytes"] == 1)
        #expect(lines.with("the disk has no room, publishers are told to use another node").count == 1)
    }

    @Test func `what has expired is counted when it goes`() async throws {
        let node = try await node()
        var two = TestOriginator(2, log: network.log)
        _ = try await node.core.take((0..<9).map { two.next(.sample($0, expiry: 20_460)) }, from: 2)
        network.log.setTime(20_462 * 86_400)
        try await node.observe(network.log.head())
        try await node.observe(network.log.seal(40))
        try await Eviction(core: node.core).advance()
        let scrape = await node.scrape()
        #expect(scrape["events_evicted_total"] == 9 && scrape["events"] == 0 && scrape["evictable_events"] == 0)
        #expect(try #require(scrape["evicted_bytes_total"]) > 1_000 && scrape["event_bytes"] == 0)
        #expect(scrape["floor_timestamp_seconds"] == Double(20_462 * 86_400))
    }

    @Test func `many peers are shown by name, those that were not equal for longest, and all of them in the counts`() {
        let peers = (1...1_000 as ClosedRange<UInt32>).map {
            PeerGauge(number: $0, standing: $0 % 2 == 0 ? .equal : .refused, lag: Double($0))
        }
        let figures = NodeFigures(
            store: nil, peers: peers, head: nil, diskBudget: nil, isDiskFull: false, registered: 1_001,
            queuedEvents: 0, queuedBytes: 0, waitingCommits: 0, isTwinDoubted: false)
        let scrape = Scrape(MetricsText.text(NodeMetrics(figures: figures).families))
        #expect(scrape.values.keys.count { $0.contains("peer_lag_seconds") } == NodeMetrics.peersShown)
        #expect(scrape[#"peer_lag_seconds{peer="1000"}"#] == 1_000 && scrape[#"peer_lag_seconds{peer="1"}"#] == nil)
        #expect(scrape[#"peers{state="equal"}"#] == 500 && scrape[#"peers{state="refused"}"#] == 500)
        #expect(scrape["convergence_lag_seconds"] == 1_000)
    }
}

extension EventStore {
    /// How many tips each topic has, counted.
    func countedTips() throws -> [Int] {
        try database.rows("SELECT COUNT(*) FROM tip GROUP BY topic") { Int($0.integer(0)) }
    }

    /// Has every statement fail.
    func disturb(with failure: SQLiteFailure?) {
        database.disturbance = nil
        if let failure { database.disturbance = { (_: String) throws(SQLiteFailure) -> Void in throw failure } }
    }
}
