import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct RestartTests {
    private let network = TestNetwork()

    private func publish(_ numbers: ClosedRange<UInt64>, on node: ReplicationNode) async -> [Bytes32?] {
        await node.publish(network.paid(numbers.map { .sample($0) })).map(\.event)
    }

    @Test func `a node that was stopped catches up on its directory and goes on where its chain ended`() async throws {
        let one = try await network.node(1)
        var two = try await network.node(2)
        let stopped = two
        try await network.run([one, stopped]) {
            #expect(await publish(1...3, on: one).allSatisfy { $0 != nil })
            #expect(await publish(11...12, on: stopped).allSatisfy { $0 != nil })
            #expect(await eventually { await one.status().events == 5 })
        }
        await two.close()
        try await network.run([one]) {
            #expect(await publish(4...9, on: one).allSatisfy { $0 != nil })
        }
        two = try await network.node(2)
        let restarted = two
        try await network.run([one, restarted]) {
            #expect(await publish(13...14, on: restarted).allSatisfy { $0 != nil })
            #expect(
                await eventually {
                    let (first, second) = (await one.status(), await restarted.status())
                    return first.events == 13 && second.events == 13 && first.isSynced && second.isSynced
                }
            )
            let chains = await one.status().chains
            #expect(await restarted.status().chains == chains)
            #expect(chains.map(\.highest) == [9, 4])
            #expect([await one.status().evidence, await restarted.status().evidence] == [0, 0])
        }
    }

    @Test func `a node restored from an older copy of its directory signs nothing twice`() async throws {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let directory = network.configuration(1).dataDirectory
        let copy = directory + ".copy"
        try await network.run([one, two]) {
            #expect(await publish(1...2, on: one).allSatisfy { $0 != nil })
            try FileManager.default.copyItem(atPath: directory, toPath: copy)
            #expect(await publish(3...5, on: one).allSatisfy { $0 != nil })
            #expect(await eventually { await two.status().events == 5 })
        }
        await one.close()
        try FileManager.default.removeItem(atPath: directory)
        try FileManager.default.moveItem(atPath: copy, toPath: directory)
        let restored = try await network.node(1)
        #expect(await restored.status().chains.map(\.highest) == [2])
        try await network.run([restored, two]) {
            // Until a peer has shown the chain, the node refuses and a client asks again.
            #expect(await eventually { await publish(6...6, on: restored).allSatisfy { $0 != nil } })
            #expect(await eventually { await two.status().events == 6 })
            #expect(await restored.chainHighest(of: 1)?.highest == 6)
            #expect(await eventually { await two.chainHighest(of: 1) == restored.chainHighest(of: 1) })
            #expect([await restored.status().evidence, await two.status().evidence] == [0, 0])
        }
    }

    @Test func `P15: a node signs after the highest own event that anybody has shown, held or not`() async throws {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1)])
        var before = TestOriginator(1, log: network.log)
        let events = (1...5).map { before.next(.sample($0)) }
        _ = try await node.core.take([events[4]], from: 2)
        #expect(await publish(6...6, on: node).allSatisfy { $0 != nil })
        #expect(await node.chainHighest(of: 1)?.highest == 6)
        #expect(await node.chainHighest(of: 1)?.missing == 0)
        node.core.gate.prove(EventPlace(originator: 1, sequence: 9))
        let refusals = await node.publish(network.paid([.sample(7)])).map(\.refusal)
        #expect(refusals == [.healing])
        _ = try await node.core.take(Array(events[1...]), from: 2)
        #expect(
            await node.chainHighest(of: 1)
                == ChainHead(
                    originator: 1, shard: .one, highest: 6, id: try #require(await node.chainHighest(of: 1)?.id),
                    missing: 0))
    }

    @Test
    func `a restored node that nobody answers signs, and what it signed twice is evidence everywhere and lost nowhere`()
        async throws
    {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let directory = network.configuration(1).dataDirectory
        let copy = directory + ".copy"
        try await network.run([one, two]) {
            #expect(await publish(1...2, on: one).allSatisfy { $0 != nil })
            try FileManager.default.copyItem(atPath: directory, toPath: copy)
            #expect(await publish(3...4, on: one).allSatisfy { $0 != nil })
            #expect(await eventually { await two.status().events == 4 })
        }
        await one.close()
        try FileManager.default.removeItem(atPath: directory)
        try FileManager.default.moveItem(atPath: copy, toPath: directory)
        let restored = try await network.node(1)
        #expect(await publish(5...5, on: restored).allSatisfy { $0 != nil }, "no peer can be asked")
        try await network.run([restored, two]) {
            #expect(
                await eventually {
                    let (first, second) = (await restored.status(), await two.status())
                    return first.events == 5 && second.events == 5 && first.isSynced && second.isSynced
                }
            )
            #expect(await restored.topics() == two.topics())
            #expect(await restored.status().evidence > 0)
            #expect(await two.status().evidence > 0)
            #expect(await publish(6...6, on: restored).allSatisfy { $0 != nil })
            #expect(await restored.chainHighest(of: 1)?.highest == 5)
            #expect(await eventually { await two.status().events == 6 })
            let topic = Envelope.sample(1).head.topic
            #expect(await two.messages(in: topic) == restored.messages(in: topic))
            #expect(await two.messages(in: topic).count == 6)
        }
    }

    @Test func `the registry, the newest head and what is probed are known again after a restart`() async throws {
        let one = try await network.node(1)
        let registry = [network.registered(1, port: 1), network.registered(2, port: 2)]
        await one.update(registry: registry)
        network.log.setTime(TestLog.start + 86_400)
        try await one.observe(network.log.head())
        await one.close()
        let again = try await network.node(1)
        let status = await again.status()
        #expect(status.time == TestLog.start + 86_400 && status.epoch == 1)
        #expect(status.peers.map(\.number) == [2])
        #expect(again.core.registry.all == registry)
    }

    @Test func `after its task is cancelled a node has left its port, its connections and, closed, its directory`()
        async throws
    {
        let one = try await network.node(1)
        let two = try await network.node(2)
        try await network.run([one, two]) {
            #expect(await eventually { [await one.status().isSynced, await two.status().isSynced] == [true, true] })
        }
        #expect(one.core.peers.all.allSatisfy { $0.session == nil })
        try await network.run([one, two]) {
            #expect(await eventually { [await one.status().isSynced, await two.status().isSynced] == [true, true] })
            await #expect(throws: NodeError.alreadyRunning) { try await one.run() }
        }
        var configuration = network.configuration(1)
        configuration.peerPort = try await one.bind()
        await one.close()
        let again = try await ReplicationNode(configuration, logger: .silent)
        #expect(try await again.bind() == configuration.peerPort)
        await again.close()
    }

    @Test func `a node that was bound and dropped, never run and never closed, leaves its port and directory`()
        async throws
    {
        var configuration = network.configuration(1)
        configuration.peerPort = try await droppedPort(configuration)
        let port = configuration.peerPort
        let again = configuration
        let isFree = await eventually {
            do {
                let node = try await ReplicationNode(again, logger: .silent)
                let bound = try await node.bind()
                await node.close()
                return bound == port
            } catch {
                return false
            }
        }
        #expect(isFree)
    }

    private func droppedPort(_ configuration: NodeConfiguration) async throws -> Int {
        try await ReplicationNode(configuration, logger: .silent).bind()
    }
}
