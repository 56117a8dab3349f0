import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

/// A stopped node that holds some of everything, and files of it.
struct ExportScene {
    static let floor: UInt32 = 20_462
    let network = TestNetwork()

    func path(_ name: String) -> String { "\(network.directory.path)/\(name)" }

    /// Fills node 1's store: own events, one of them deleted by its topic's owner, another's chain with a hole, an alias, a contradiction
    /// of node 3, and days that have expired.
    func fill() async throws {
        let configuration = network.configuration(1)
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: (1...4).map { network.registered($0, port: 1) })
        let owner = SecretKey(seed: 1, label: "owner")
        let topic = Topic(owner: owner.address, salt: .zero)
        let paid = network.paid((0..<8).map { .sample($0, in: topic.id) })
        #expect(await node.publish(paid).allSatisfy { $0.event != nil })
        var two = TestOriginator(2, log: network.log)
        var wires = (20..<60).map { two.next(.sample($0, topic: $0 % 5, expiry: 20_458 + UInt32($0 % 9))) }
        wires.append(two.next(paid[5].envelope, receipt: paid[5].receipt))
        wires.remove(at: 30)
        var three = TestOriginator(3, log: network.log)
        let rival = Envelope.sample(70)
        wires.append(three.event(rival, receipt: network.log.charge([rival])[0], sequence: 1))
        wires.append(three.next(.sample(71)))
        _ = try await node.core.take(wires, from: 2)
        let head = paid[3].envelope.head
        let statement = DeletionStatement(topic: head.topic, envelopeHash: head.hash)
        let deletion = Deletion(
            head: head, topic: topic, signature: owner.sign(network.log.domain.digest(of: statement)))
        #expect(try await node.delete(deletion, charge: paid[3].receipt.charge.number) == .deleted)
        network.log.setTime(UInt64(Self.floor) * 86_400 + 7_200)
        try await node.observe(network.log.head())
        try await node.observe(network.log.seal(40))
        try await Eviction(core: node.core).advance()
        #expect(await node.status().floor.number == Self.floor)
        await node.close()
    }

    func export(_ name: String = "whole.export", of number: UInt32 = 1) async throws -> String {
        let store = try await NodeStore.open(directory: network.configuration(number).dataDirectory)
        _ = try await store.export(to: path(name)) { _ in }
        await store.close()
        return path(name)
    }

    /// What a store holds, compared by all that can be asked of it.
    func contents(of directory: String) async throws -> Contents {
        let (store, identity) = try await EventStore.reopen(directory: directory)
        let contents = Contents(
            number: identity.number, state: await store.state(), topics: try await store.topics(after: nil, limit: 99),
            tips: try await store.tips(), chains: try await store.chainEnds().map(\.id),
            evidence: try await store.evidence(after: nil, limit: 99).map { [$0.0.id, $0.1.id] },
            headEvidence: try await store.headEvidence(),
            checkpoints: try await store.checkpoints(after: UTCDay(number: 0), Shard(number: .max), limit: 99).map(\.0),
            head: await store.newestHead, seal: await store.seal,
            wires: try await store.rows(after: 0, limit: 999).map(\.wire))
        await store.close()
        return contents
    }

    struct Contents: Equatable {
        let number: UInt32
        let state: SetState
        let topics: [TopicSummary]
        let tips: [Bytes32]
        let chains: [Bytes32]
        let evidence: [[Bytes32]]
        let headEvidence: [HeadEvidence]
        let checkpoints: [Checkpoint]
        let head: SignedHead?
        let seal: SignedSealNotice?
        let wires: [WireEvent]
    }

    func faults(in directory: String) async throws -> [StoreFault] {
        let store = try await NodeStore.open(directory: directory)
        let faults = try await store.check { _ in }
        await store.close()
        return faults
    }

    /// The records of a file.
    func records(of path: String) async throws -> [ExportRecord] {
        let source = try await ExportSource.begin(path)
        var records: [ExportRecord] = []
        while let (some, _) = try await source.next() { records += some.map(\.record) }
        await source.end()
        return records
    }

    /// Writes a file of any records with right digests and a right end, as somebody would who can write programs.
    func write(_ records: [ExportRecord], as name: String) throws -> String {
        var writer = ExportWriter()
        var bytes = writer.begin()
        for record in records {
            if case .end = record { continue }
            bytes += writer.append(record)
        }
        bytes += writer.finish()
        try Data(bytes).write(to: URL(filePath: path(name)))
        return path(name)
    }
}

/// Why an import was refused.
func refusal(_ body: () async throws -> some Any) async -> TransferError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? TransferError
    }
}
