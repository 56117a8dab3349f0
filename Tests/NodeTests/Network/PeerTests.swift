import Channels
import NIOCore
import Primitives
import Testing

@testable import Node

@Suite struct PeerTests {
    private let network = TestNetwork()

    private func hello(
        _ network: TestNetwork, node: UInt32 = 2, version: UInt16 = PeerQuestion.Hello.versionNow, log: Bytes32? = nil
    ) -> [UInt8] {
        let question = PeerQuestion.hello(
            PeerQuestion.Hello(
                version: version,
                domainSeparator: network.log.domain.separator,
                logID: log ?? network.log.genesis.logID,
                node: node,
                nonce: Bytes32(integer: 5)
            )
        )
        return PeerFrame(type: question.type, request: 3, body: question.body).bytes
    }

    private func refusal(_ bytes: [UInt8]?) throws -> PeerRefusal.Code? {
        var buffer = ByteBuffer(bytes: try #require(bytes))
        var decoder = PeerFrameDecoder()
        var code: PeerRefusal.Code?
        while let frame = try decoder.next(in: &buffer) {
            if case .refusal(let refusal) = try PeerAnswer(type: frame.type, body: frame.body) { code = refusal.code }
        }
        return code
    }

    /// How the node refuses some bytes.
    private func code(_ bytes: [UInt8], _ port: Int) async throws -> PeerRefusal.Code? {
        try refusal(try await RawConnection.exchange(bytes, port: port))
    }

    @Test func `a stranger, another network, another version and a question before the proof are refused and cut off`()
        async throws
    {
        let one = try await network.node(1)
        let port = try await one.bind()
        let network = network
        try await network.run([one]) {
            await one.update(registry: [network.registered(1, port: port), network.registered(2, port: 1)])
            let forged = PeerQuestion.proof(SecretKey(seed: 3, label: "node").sign(.zero))
            let proof = PeerFrame(type: forged.type, request: 4, body: forged.body).bytes
            let refused: [([UInt8], PeerRefusal.Code)] = [
                (hello(network, node: 9), .unregistered), (hello(network, node: 1) + proof, .twin),
                (hello(network, version: 1), .version), (hello(network, log: .zero), .otherNetwork),
                (PeerFrame(type: 5, request: 1, body: [0, 0]).bytes, .unproved),
                (PeerFrame(type: 1, request: 1, body: [1]).bytes, .malformed), (hello(network) + proof, .proof),
            ]
            for (bytes, expected) in refused {
                let found = try await code(bytes, port)
                #expect(found == expected)
            }
            #expect(await eventually { await one.status().peers.map(\.number) == [2] })
        }
    }

    @Test func `random bytes, oversized frames and silence cost a connection and nothing else`() async throws {
        var configuration = network.configuration(1)
        configuration.limits.handshakeTimeout = .milliseconds(300)
        let one = try await ReplicationNode(configuration, logger: .silent)
        let two = try await network.node(2)
        let network = network
        let port = try await one.bind()
        try await network.run([one, two]) {
            var generator = SplitMix64(seed: 9)
            for _ in 0..<20 {
                let noise = (0..<Int.random(in: 1...2_000, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
                let answer = try await RawConnection.exchange(noise, port: port)
                #expect(answer != nil)
            }
            // Too long a frame, silence, half a frame.
            for bytes in [[0, 0x40, 0, 0, 1], [], [0, 0, 0, 100, 1]] as [[UInt8]] {
                let answer = try await RawConnection.exchange(bytes, port: port)
                #expect(answer == [])
            }
            #expect(await one.publish(network.paid([.sample(1)])).first?.event != nil)
            #expect(await eventually { await two.status().events == 1 })
        }
    }

    @Test func `connections above the limit are closed at once`() async throws {
        var configuration = network.configuration(1)
        configuration.limits.connections = 0
        let one = try await ReplicationNode(configuration, logger: .silent)
        let port = try await one.bind()
        let network = network
        try await network.run([one]) {
            // The close may come while the connection is being made.
            let answer = try? await RawConnection.exchange(hello(network), port: port)
            #expect((answer ?? []) == [])
        }
    }

    @Test func `a node under another key than the registered one is not a peer`() async throws {
        let one = try await network.node(1)
        var configuration = network.configuration(2)
        configuration.key = SecretKey(seed: 77, label: "node")
        let impostor = try await ReplicationNode(configuration, logger: .silent)
        let network = network
        try await network.run([one, impostor]) {
            #expect(await one.publish(network.paid([.sample(1)])).first?.event != nil)
            #expect(await eventually { await one.status().peers.first?.state == .unreachable })
            try await Task.sleep(for: .milliseconds(500))
            #expect(await one.status().peers.first?.state != .connected)
            #expect(await impostor.status().peers.first?.state != .connected)
            #expect(await impostor.status().events == 0)
        }
    }

    @Test func `a port in use is refused by a sentence that names the address`() async throws {
        let one = try await network.node(1)
        let port = try await one.bind()
        var configuration = network.configuration(2)
        configuration.peerPort = port
        let two = try await ReplicationNode(configuration, logger: .silent)
        let expected = NodeError.addressInUse(host: "127.0.0.1", port: port)
        await #expect(throws: expected) { try await two.bind() }
        #expect(expected.description.contains("127.0.0.1:\(port)"))
        await one.close()
        #expect(try await two.bind() == port)
        await two.close()
    }

    @Test func `a lost push is healed, on a topic where nothing follows`() async throws {
        var configuration = network.configuration(1)
        configuration.limits.pushFanOut = 0
        let one = try await ReplicationNode(configuration, logger: .silent)
        let two = try await network.node(2)
        let network = network
        try await network.run([one, two]) {
            #expect(await eventually { await two.status().isSynced })
            #expect(await one.publish(network.paid([.sample(1)])).first?.event != nil)
            #expect(await eventually { await two.status().events == 1 })
        }
    }

    @Test func `a push reaches an idle peer without waiting for a period`() async throws {
        let one = try await network.node(1, period: .seconds(600))
        let two = try await network.node(2, period: .seconds(600))
        let network = network
        try await network.run([one, two]) {
            #expect(await eventually { [await one.status().isSynced, await two.status().isSynced] == [true, true] })
            for number in 1...20 as ClosedRange<UInt64> {
                #expect(await one.publish(network.paid([.sample(number)])).first?.event != nil)
                #expect(await eventually { await two.status().events == number })
            }
        }
    }

    @Test func `an event that arrives before its ancestors brings them`() async throws {
        let one = try await network.node(1, period: .seconds(600))
        let two = try await network.node(2, period: .seconds(600))
        let network = network
        try await network.run([one, two]) {
            #expect(await eventually { [await one.status().isSynced, await two.status().isSynced] == [true, true] })
            // A third node's chain comes into node 1's store as if from nowhere; only its last event is pushed on.
            var originator = TestOriginator(3, log: network.log)
            var events: [WireEvent] = []
            for number in 0..<300 as Range<UInt64> {
                events.append(originator.next(.sample(number), links: events.last.map { [$0.id] } ?? []))
            }
            for node in [one, two] {
                await node.update(registry: node.core.registry.all + [network.registered(3, port: 1)])
            }
            _ = try await one.core.take(events, from: 3)
            #expect(await one.status().events == 300)
            one.core.spread([events[299]])
            // A question for each of 299 ancestors, one after the other: on a busy machine that takes its time.
            #expect(await eventually(within: .seconds(300)) { await two.status().events == 300 })
            #expect(await two.topics() == one.topics())
        }
    }

    @Test func `with more peers than the fan-out everybody still gets everything`() async throws {
        var nodes: [ReplicationNode] = []
        for number in 1...6 as ClosedRange<UInt32> {
            var configuration = network.configuration(number)
            configuration.limits.pushFanOut = 2
            nodes.append(try await ReplicationNode(configuration, logger: .silent))
        }
        let all = nodes
        let network = network
        try await network.run(all) {
            for (place, node) in all.enumerated() {
                let batch = network.paid((0..<5).map { .sample(UInt64(place * 10 + $0)) })
                #expect(await node.publish(batch).allSatisfy { $0.event != nil })
            }
            #expect(
                await eventually {
                    for node in all {
                        let status = await node.status()
                        guard status.events == 30, status.isSynced else { return false }
                    }
                    return true
                }
            )
            let topics = await all[0].topics()
            for node in all { #expect(await node.topics() == topics) }
        }
    }
}
