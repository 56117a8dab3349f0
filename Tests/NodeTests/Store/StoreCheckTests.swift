import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct StoreCheckTests {
    private let network = TestNetwork()

    /// A closed store with twelve signed events of two originators, one of them with its payload deleted; returns its directory.
    private func filled() async throws -> String {
        let configuration = network.configuration(1)
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        let owner = SecretKey(seed: 1, label: "owner")
        let topic = Topic(owner: owner.address, salt: .zero)
        let paid = network.paid((0..<8).map { .sample($0, in: topic.id) })
        #expect(await node.publish(paid).allSatisfy { $0.event != nil })
        var two = TestOriginator(2, log: network.log)
        _ = try await node.core.take((20..<24).map { two.next(.sample($0)) }, from: 2)
        let head = paid[3].envelope.head
        let statement = DeletionStatement(topic: head.topic, envelopeHash: head.hash)
        let deletion = Deletion(
            head: head, topic: topic, signature: owner.sign(network.log.domain.digest(of: statement)))
        #expect(try await node.delete(deletion, charge: paid[3].receipt.charge.number) == .deleted)
        await node.close()
        return configuration.dataDirectory
    }

    private func faults(in directory: String) async throws -> [StoreFault] {
        let store = try await NodeStore.open(directory: directory)
        var looked = 0
        let faults = try await store.check { looked += $0 }
        #expect(looked == 12)
        await store.close()
        return faults
    }

    @Test func `a store as nodes leave it has no fault, and says whose it is`() async throws {
        let directory = try await filled()
        #expect(try await faults(in: directory).isEmpty)
        let store = try await NodeStore.open(directory: directory)
        let summary = try await store.summary()
        #expect(summary.node == 1 && summary.key == network.key(1).address)
        #expect(summary.events == 13 && summary.messages == 12 && summary.left == 0)
        await #expect(throws: NodeError.directoryInUse(directory: directory)) {
            _ = try await NodeStore.open(directory: directory)
        }
        await store.close()
    }

    @Test(arguments: Damage.all)
    func `a store that somebody changed has the fault that was made`(_ change: String, _ expected: String) async throws
    {
        let directory = try await filled()
        let database = try SQLiteDatabase(path: directory + "/node.sqlite")
        try database.script(change)
        database.close()
        let found = try await faults(in: directory).map(\.description)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test func `a page that the disk has lost is found`() async throws {
        let directory = try await filled()
        let store = try await NodeStore.open(directory: directory)
        try await store.settle()
        await store.close()
        let path = directory + "/node.sqlite"
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        for page in stride(from: 4_096 * 4, to: bytes.count, by: 4_096 * 3) {
            for place in page..<page + 4_096 { bytes[place] = 0x5a }
        }
        try Data(bytes).write(to: URL(filePath: path))
        do {
            let store = try await NodeStore.open(directory: directory)
            let faults = try await store.check { _ in }
            await store.close()
            #expect(!faults.isEmpty)
        } catch {
            #expect("\(error)".contains("damaged") || "\(error)".contains("malformed"), "\(error)")
        }
    }

    @Test func `a compacted store holds the same in less room`() async throws {
        let configuration = network.configuration(1)
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: [network.registered(1, port: 1)])
        let large = (0..<40).map { Envelope.sample($0, bytes: 20_000, expiry: $0 < 36 ? 20_460 : 20_600) }
        #expect(await node.publish(network.paid(large)).allSatisfy { $0.event != nil })
        network.log.setTime(UTCDay(number: 20_470).start)
        try await node.observe(network.log.head())
        try await node.observe(network.log.seal(5))
        try await Eviction(core: node.core).advance()
        let state = await node.core.store.state()
        await node.close()
        let store = try await NodeStore.open(directory: configuration.dataDirectory)
        let before = try await store.summary()
        try await store.compact()
        let after = try await store.summary()
        #expect(before.fileBytes > 700_000 && after.fileBytes < 200_000)
        #expect(after.events == 4 && after.floor == before.floor)
        await store.close()
        let again = try await ReplicationNode(configuration, logger: .silent)
        #expect(await again.core.store.state() == state)
        await again.close()
    }

    @Test func `a directory without a store, and another's file, are refused`() async throws {
        await #expect(throws: NodeError.self) {
            _ = try await NodeStore.open(directory: network.directory.path + "/none")
        }
        let directory = network.directory.path + "/songs"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let database = try SQLiteDatabase(path: directory + "/node.sqlite")
        try database.script("CREATE TABLE songs(name TEXT)")
        database.close()
        await #expect(throws: NodeError.notAStore(directory: directory)) {
            _ = try await NodeStore.open(directory: directory)
        }
    }
}
