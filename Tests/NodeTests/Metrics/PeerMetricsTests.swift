import Channels
import Logging
import Primitives
import Testing

@testable import Node

@Suite struct PeerMetricsTests {
    private let network = TestNetwork()

    private func hello(version: UInt16 = PeerQuestion.Hello.versionNow, log: Bytes32? = nil, node: UInt32 = 2)
        -> [UInt8]
    {
        let question = PeerQuestion.hello(
            PeerQuestion.Hello(
                version: version, domainSeparator: network.log.domain.separator,
                logID: log ?? network.log.genesis.logID, node: node, nonce: Bytes32(integer: 5)))
        return PeerFrame(type: question.type, request: 3, body: question.body).bytes
    }

    @Test func `two nodes that heal are shown as equal, with what they moved, and tell it in a line each`() async throws
    {
        let lines = RecordedLines()
        let one = try await ReplicationNode(network.configuration(1), logger: lines.logger)
        let network = network
        let two = try await network.node(2)
        await two.update(registry: (1...2).map { network.registered($0, port: 1) })
        try await network.run([one, two]) {
            #expect(await two.publish(network.paid((0..<40).map { .sample($0) })).allSatisfy { $0.event != nil })
            #expect(await eventually { await one.status().events == 40 })
            #expect(await eventually { await one.status().isSynced })
            #expect(await eventually { await one.scrape()[#"peers{state="equal"}"#] == 1 })
            let scrape = await one.scrape()
            #expect(scrape[#"peer_lag_seconds{peer="2"}"#] ?? .infinity < 60 && scrape["registered_nodes"] == 2)
            #expect(scrape[#"reconciliations_total{outcome="equal"}"#] ?? 0 > 0)
            #expect(scrape[#"peer_questions_total{question="compare"}"#] ?? 0 > 0)
            #expect(scrape[#"events_received_total{result="new"}"#] == 40)
            #expect(await two.scrape()["events_published_total"] == 40)
        }
        #expect(lines.with("peer connected").first?.metadata["peer.number"] == "2")
        let equal = try #require(lines.with("peer holds the same").first)
        #expect(equal.metadata["peer.equal.after"]?.hasSuffix(" s") == true && equal.metadata["peer.events"] != nil)
        #expect(lines.with("peer holds the same").count == 1)
    }

    @Test func `whoever is refused is counted each time, and logged some times`() async throws {
        let lines = RecordedLines()
        let one = try await ReplicationNode(network.configuration(1), logger: lines.logger)
        let port = try await one.bind()
        let network = network
        try await network.run([one]) {
            await one.update(registry: [network.registered(1, port: port), network.registered(2, port: 1)])
            for _ in 0..<12 { _ = try await RawConnection.exchange(hello(version: 99), port: port) }
            _ = try await RawConnection.exchange(hello(log: .zero), port: port)
            _ = try await RawConnection.exchange(hello(node: 77), port: port)
            // Longer than any frame; then a list that says it has more than it may.
            _ = try await RawConnection.exchange([0xff, 0, 0, 0, 1, 2, 3], port: port)
            _ = try await RawConnection.exchange(PeerFrame(type: 5, request: 1, body: [0, 0]).bytes, port: port)
            let long = PeerFrame(type: 3, request: 1, body: [0xff, 0xff, 0xff, 0xff]).bytes
            _ = try await RawConnection.exchange(long, port: port)
            #expect(await eventually { await one.scrape()[#"peer_refusals_total{reason="too_long"}"#] == 1 })
            let scrape = await one.scrape()
            for (reason, count) in [
                ("version", 12), ("other_network", 1), ("unregistered", 1), ("unproved", 1), ("frame_length", 1),
            ] {
                #expect(scrape["peer_refusals_total{reason=\"\(reason)\"}"] == Double(count), "\(reason)")
            }
        }
        let refused = lines.with("somebody who connected was refused")
        #expect(refused.count { $0.metadata["peer.refusal"] == "version" } == 4)
        #expect(refused.first?.level == .warning)
        #expect(refused.first?.metadata["peer.place"]?.hasPrefix("127.0.0.1:") == true)
        let other = refused.first { $0.metadata["peer.refusal"] == "other_network" }
        #expect(other?.metadata["peer.number"] == "2")
    }

    @Test func `a peer under another key is shown as refused, lied, and is told of once`() async throws {
        let lines = RecordedLines()
        let one = try await ReplicationNode(network.configuration(1), logger: lines.logger)
        var configuration = network.configuration(2)
        configuration.key = SecretKey(seed: 77, label: "node")
        let impostor = try await ReplicationNode(configuration, logger: .silent)
        let network = network
        try await network.run([one, impostor]) {
            #expect(await eventually { await one.scrape()[#"peers{state="refused"}"#] == 1 })
            let failures = #"peer_failures_total{reason="identity"}"#
            #expect(await eventually { await one.scrape()[failures] ?? 0 > 3 })
            let scrape = await one.scrape()
            #expect(scrape[#"peer_lies_total{about="identity"}"#] == scrape[failures])
        }
        #expect(lines.with("peer can't be connected to, it is tried again").count == 1)
        #expect(lines.with("a peer said what can't be so").count <= 4)
    }
}
