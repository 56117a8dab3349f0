import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct ImportTests {
    private let scene = ExportScene()

    @Test(arguments: [1, 3])
    func `what a node exported and another, or itself anew, imported is the same in every respect`(
        _ number: UInt32
    ) async throws {
        try await scene.fill()
        let file = try await scene.export()
        let directory = scene.path("imported")
        let before = try await scene.contents(of: scene.network.configuration(1).dataDirectory)
        let taken = try await NodeImport.run(file, into: directory, for: number == 1 ? nil : number)
        #expect(taken.new == taken.events && taken.known == 0 && taken.expired == 0 && taken.superseded == 0)
        #expect(before.evidence.count == 1 && before.headEvidence.count == 1)
        #expect(taken.evidence == 2 && taken.writer == 1 && taken.node == number && taken.tookRegistry)
        let after = try await scene.contents(of: directory)
        #expect(UInt64(before.wires.count) == taken.events && before.wires.count > 20)
        #expect(after.state == before.state && after.state.floor.number == ExportScene.floor)
        #expect(after.topics == before.topics && after.tips == before.tips && after.chains == before.chains)
        #expect(after.evidence == before.evidence && after.headEvidence == before.headEvidence)
        #expect(after.wires == before.wires)
        #expect(after.head == before.head && after.seal == before.seal && after.number == number)
        #expect(!before.checkpoints.isEmpty)
        // What another node signed that it held is not said to be this one's.
        #expect(after.checkpoints == (number == 1 ? before.checkpoints : []))
        #expect(try await scene.faults(in: directory).isEmpty)
    }

    @Test func `importing twice, or after an interruption, changes nothing`() async throws {
        try await scene.fill()
        let file = try await scene.export()
        // A file the last event of which is another's than it says: what stands before is taken.
        var records = try await scene.records(of: file)
        let last = try #require(records.lastIndex { if case .event = $0 { true } else { false } })
        guard case .event(let wire) = records[last] else { return }
        records[last] = .event(
            WireEvent(event: wire.event, signature: [UInt8](repeating: 0, count: 65), envelope: wire.envelope))
        let cut = try scene.write(records, as: "cut.export")
        let directory = scene.path("imported")
        #expect(await refusal { try await NodeImport.run(cut, into: directory) } != nil)
        let part = try await scene.contents(of: directory)
        #expect(!part.wires.isEmpty)
        let rest = try await NodeImport.run(file, into: directory)
        #expect(rest.new == 1 && rest.known == rest.events - 1)
        let whole = try await scene.contents(of: directory)
        #expect(whole.state == (try await scene.contents(of: scene.network.configuration(1).dataDirectory)).state)
        let again = try await NodeImport.run(file, into: directory)
        #expect(again.new == 0 && again.known == again.events && !again.tookRegistry)
        #expect(try await scene.contents(of: directory) == whole)
        #expect(try await scene.faults(in: directory).isEmpty)
    }

    @Test func `an event that is twice in a file is held once`() async throws {
        try await scene.fill()
        let records = try await scene.records(of: try await scene.export())
        let twice = records.flatMap { record in
            if case .event = record { [record, record] } else { [record] }
        }
        let directory = scene.path("imported")
        let taken = try await NodeImport.run(try scene.write(twice, as: "twice.export"), into: directory)
        #expect(taken.events == 2 * taken.new && taken.known == taken.new)
        let before = try await scene.contents(of: scene.network.configuration(1).dataDirectory)
        #expect(try await scene.contents(of: directory).state == before.state)
    }

    @Test func `a floor is never lowered, and what lies below it is not taken`() async throws {
        try await scene.fill()
        let file = try await scene.export()
        let before = try await scene.contents(of: scene.network.configuration(1).dataDirectory)
        let configuration = scene.network.configuration(3)
        let store = try await EventStore.open(configuration)
        #expect(try await store.adopt(floor: UTCDay(number: 20_465)))
        await store.close()
        let taken = try await NodeImport.run(file, into: configuration.dataDirectory)
        #expect(taken.floor.number == 20_465 && taken.expired > 0 && taken.new == taken.events - taken.expired)
        let after = try await scene.contents(of: configuration.dataDirectory)
        #expect(after.state.floor.number == 20_465 && UInt64(after.wires.count) == taken.new)
        #expect(after.wires.count < before.wires.count)
    }

    @Test func `a store that holds what the file's node has dropped keeps it until its own node signs what it held`()
        async throws
    {
        try await scene.fill()
        let file = try await scene.export()
        let configuration = scene.network.configuration(3)
        let store = try await EventStore.open(configuration)
        var four = TestOriginator(4, log: TestLog())
        _ = try await store.admit([try four.next(.sample(90, expiry: 20_460)).unchecked()], from: nil, head: nil)
        await store.close()
        let taken = try await NodeImport.run(file, into: configuration.dataDirectory)
        #expect(taken.floor.number == 0 && taken.new == taken.events)
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: (1...4).map { scene.network.registered($0, port: 1) })
        // What the import learned of heads and seals is what the floor follows from.
        try await Eviction(core: node.core).advance()
        #expect(await node.status().floor.number == ExportScene.floor)
        #expect(try await node.checkpoints(after: UTCDay(number: 0)).map(\.checkpoint.count) == [1])
        let before = try await scene.contents(of: scene.network.configuration(1).dataDirectory)
        #expect(await node.core.store.state() == before.state)
        await node.close()
    }

    @Test func `an own chain goes on after what the file shows of it`() async throws {
        try await scene.fill()
        let directory = scene.path("imported")
        _ = try await NodeImport.run(try await scene.export(), into: directory)
        var configuration = scene.network.configuration(1)
        configuration.dataDirectory = directory
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: [scene.network.registered(1, port: 1)])
        let event = await node.publish(scene.network.paid([.sample(99)]))[0].event
        #expect(try await node.core.store.signedEvent(try #require(event))?.event.sequence == 9)
        await node.close()
    }
}
