import Channels
import Primitives
import Testing

@testable import Node

@Suite struct TwinTests {
    private let network = TestNetwork()

    /// Another process of node 1: its key, another directory.
    private func twin() async throws -> ReplicationNode {
        var configuration = network.configuration(1)
        configuration.dataDirectory += ".twin"
        configuration.limits.twinPatience = .seconds(1)
        configuration.limits.chainTimeout = .milliseconds(200)
        return try await ReplicationNode(configuration, logger: .silent)
    }

    private func publish(_ number: UInt64, on node: ReplicationNode) async -> PublishOutcome? {
        await node.publish(network.paid([.sample(number)])).first
    }

    @Test func `who answers at the registered address with this node's key is found, and nobody else`() async throws {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let port = try await one.bind()
        let portOfAnother = try await two.bind()
        let twin = try await twin()
        let network = network
        try await network.run([one, two]) {
            let expected = NodeError.keyInUse(node: 1, place: "it answers at 127.0.0.1:\(port)")
            await #expect(throws: expected) { try await twin.refuseTwin(at: "127.0.0.1:\(port)") }
            #expect(expected.description.contains("127.0.0.1:\(port)"))
            try await twin.refuseTwin(at: "127.0.0.1:\(portOfAnother)")
            // The one that lives is not disturbed.
            #expect(await publish(1, on: one)?.event != nil)
        }
        await one.close()
        try await twin.refuseTwin(at: "127.0.0.1:\(port)")
    }

    @Test func `whoever says it without a proof is not believed`() async throws {
        // It answers as node 1, and signs with another key.
        var configuration = network.configuration(1)
        configuration.key = SecretKey(seed: 9, label: "node")
        let impostor = try await ReplicationNode(configuration, logger: .silent)
        let port = try await impostor.bind()
        let twin = try await twin()
        let network = network
        try await network.run([impostor]) { try await twin.refuseTwin(at: "127.0.0.1:\(port)") }
    }

    @Test(.timeLimit(.minutes(2))) func `a twin that peers tell of signs nothing and ends, the one that lives goes on`()
        async throws
    {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let (port, portOfTwo) = (try await one.bind(), try await two.bind())
        let twin = try await twin()
        let network = network
        try await network.run([one, two]) {
            #expect(await eventually { await two.status().isSynced })
            #expect(await eventually { await one.status().isSynced })
            await twin.update(registry: [
                network.registered(1, port: port), network.registered(2, port: portOfTwo),
            ])
            async let ended = Self.end(of: twin)
            #expect(await eventually { twin.core.gate.isDoubted })
            #expect(await publish(1, on: twin)?.refusal == .healing)
            guard case .keyInUse(1, let place) = await ended else {
                Issue.record("the twin ended otherwise")
                return
            }
            #expect(place.hasPrefix("node 2 says: node 1 asks from 127.0.0.1:"))
            #expect(await one.status().peers.first?.state == .connected)
            #expect(await publish(2, on: one)?.event != nil)
            #expect(await eventually { await two.status().events == 1 })
            #expect(await twin.status().events == 0)
        }
    }

    @Test func `a connection keeps another of its node out while it is heard, and no longer`() async throws {
        var configuration = network.configuration(1)
        configuration.limits.servedSilence = .seconds(6)
        let one = try await ReplicationNode(configuration, logger: .silent)
        let port = try await one.bind()
        let asking = try await network.node(2)
        let network = network
        try await network.run([one]) {
            let registry = [network.registered(1, port: port), network.registered(2, port: 1)]
            for node in [one, asking] { await node.update(registry: registry) }
            let isProved = Flag()
            await withDiscardingTaskGroup { group in
                // It proves itself, asks once, and then is silent as if its host were gone.
                group.addTask {
                    try? await Self.asking(asking, port) { session in
                        isProved.set()
                        try await Task.sleep(for: .seconds(4.5))
                        _ = try await session.ask(.chains(originator: 2, from: .one))
                        try await Task.sleep(for: .seconds(60))
                    }
                }
                #expect(await eventually { isProved.isSet })
                await #expect {
                    try await Self.asking(asking, port) { _ in }
                } throws: {
                    guard case .refused(let refusal) = $0 as? PeerFailure else { return false }
                    return refusal.code == .twin && refusal.text.hasPrefix("node 2 asks from 127.0.0.1:")
                }
                try? await Task.sleep(for: .seconds(6.5))
                // The question kept it alive.
                await #expect(throws: PeerFailure.self) { try await Self.asking(asking, port) { _ in } }
                #expect(
                    await eventually(within: .seconds(30)) { (try? await Self.asking(asking, port) { _ in }) != nil })
            }
        }
    }

    @Test func `a connection that was closed keeps nobody out`() async throws {
        let one = try await network.node(1)
        let port = try await one.bind()
        let asking = try await network.node(2)
        let network = network
        try await network.run([one]) {
            let registry = [network.registered(1, port: port), network.registered(2, port: 1)]
            for node in [one, asking] { await node.update(registry: registry) }
            for _ in 0..<8 {
                try await Self.asking(asking, port) { _ in }
                #expect(
                    await eventually(within: .seconds(5)) { (try? await Self.asking(asking, port) { _ in }) != nil })
            }
        }
    }

    /// Runs a node to its end, which has to be an error.
    private static func end(of node: ReplicationNode) async -> NodeError? {
        do {
            try await node.run()
            return nil
        } catch {
            return error as? NodeError
        }
    }

    /// Connects to node 1 as `node` and proves it.
    private static func asking(
        _ node: ReplicationNode, _ port: Int, _ body: @escaping @Sendable (PeerSession) async throws -> Void
    ) async throws {
        try await PeerConnection.run(to: "127.0.0.1:\(port)", peer: 1, limits: node.core.limits) { session in
            try await node.core.handshake.ask(session)
            try await body(session)
        }
    }
}

@Suite struct TwinDoubtTests {
    /// What happens with a peer: it serves, it tells of a twin, or the connection ends otherwise.
    private enum Event {
        case serves(UInt32)
        case tells(UInt32)
        case ends(UInt32)
    }

    private let told = PeerFailure.refused(PeerRefusal(code: .twin, text: "node 1 asks\nfrom \u{1b}[31mhere"))
    private let start = ContinuousClock.now

    /// The doubt after events that come a second apart; `raised` has the places of those that raised it.
    private func doubt(after events: [Event]) -> (doubt: TwinDoubt, raised: [Int]) {
        var doubt = TwinDoubt()
        var raised: [Int] = []
        for (place, event) in events.enumerated() {
            let now = start + .seconds(place)
            switch event {
            case .serves(let peer): doubt.isServed(by: peer, now: now)
            case .tells(let peer): if doubt.ended(with: peer, told, now: now) { raised.append(place) }
            case .ends(let peer): if doubt.ended(with: peer, PeerFailure.closed, now: now) { raised.append(place) }
            }
        }
        return (doubt, raised)
    }

    @Test func `a peer that lies stops nobody while most others serve, half of them do`() {
        let few: [Event] = [.serves(1), .serves(2), .serves(3), .tells(4)]
        #expect(doubt(after: few).doubt.since == nil)
        #expect(doubt(after: few + [.tells(5)]).doubt.since == nil)
        let half = doubt(after: few + [.tells(5), .tells(3), .tells(2)])
        #expect(half.doubt.since == start + .seconds(5))
        #expect(half.raised == [5])
        #expect(doubt(after: few + [.tells(5), .tells(3), .serves(4), .serves(5)]).doubt.since == nil)
    }

    @Test func `only peers that answer count, and as they answered last`() {
        #expect(doubt(after: [.ends(1), .ends(2)]).doubt.since == nil)
        #expect(doubt(after: [.ends(1), .tells(2)]).doubt.since == start + .seconds(1))
        #expect(doubt(after: [.serves(1), .serves(2), .tells(3), .ends(1), .ends(2)]).raised == [3])
        #expect(doubt(after: [.tells(2), .ends(2)]).doubt.since == nil)
        #expect(doubt(after: [.tells(2), .ends(2), .tells(2)]).doubt.since == start + .seconds(2))
    }

    @Test func `what a peer says is shown without what is no printable ASCII`() {
        #expect(doubt(after: []).doubt.place == "")
        #expect(doubt(after: [.tells(9), .tells(7)]).doubt.place == "node 7 says: node 1 asksfrom [31mhere")
    }
}
