import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct ImportRefusalTests {
    private let scene = ExportScene()

    private func bytes(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    private func isMade(_ directory: String) -> Bool { FileManager.default.fileExists(atPath: directory) }

    @Test func `a changed byte anywhere is found, and near it; nothing of the file is taken`() async throws {
        try await scene.fill()
        let good = try bytes(try await scene.export())
        var generator = SplitMix64(seed: 5)
        let directory = scene.path("imported")
        for round in 0..<400 {
            let place = round < 40 ? round : Int.random(in: 0..<good.count, using: &generator)
            var bad = good
            bad[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            let path = scene.path("bad.export")
            try Data(bad).write(to: URL(filePath: path))
            guard
                case .refused(_, let byte, let fault)? = await refusal({
                    try await NodeImport.run(path, into: directory)
                })
            else {
                Issue.record("byte \(place) was changed and nobody minded")
                continue
            }
            switch fault {
            case .changed(let since): #expect((Int(since)..<Int(byte) + 32).contains(place), "\(place)")
            case .notAnExport, .version: #expect(place < ExportForm.magic.count)
            case .blockLength: #expect((Int(byte)..<Int(byte) + 4).contains(place))
            // A length that was changed reaches beyond the file.
            case .truncated: #expect(Int(byte) == good.count)
            default: Issue.record("byte \(place): \(fault)")
            }
        }
        #expect(!isMade(directory))
    }

    @Test func `a file that was cut anywhere is refused where it ends, and one that goes on after its end`()
        async throws
    {
        try await scene.fill()
        let good = try bytes(try await scene.export())
        var generator = SplitMix64(seed: 6)
        let directory = scene.path("imported")
        let path = scene.path("cut.export")
        let lengths =
            [0, 1, 14, 16, 18, good.count - 1, good.count - 33]
            + (0..<60).map { _ in Int.random(in: 16..<good.count, using: &generator) }
        for length in lengths {
            try Data(good.prefix(length)).write(to: URL(filePath: path))
            let found = await refusal { try await NodeImport.run(path, into: directory) }
            let fault: ExportFault = length == 0 ? .notAnExport : .truncated
            #expect(found == .refused(path: path, byte: UInt64(length), fault: fault))
        }
        try Data(good + [0]).write(to: URL(filePath: path))
        #expect(
            await refusal { try await NodeImport.run(path, into: directory) }
                == .refused(path: path, byte: UInt64(good.count), fault: .trailing))
        #expect(!isMade(directory))
    }

    @Test func `a file of another network is refused, by the directory and by the service's keys`() async throws {
        try await scene.fill()
        let file = try await scene.export()
        let other = TestLog(seed: 2)
        let trust = NodeImport.Trust(keys: KeyHistory(other.genesis))
        #expect(
            await refusal { try await NodeImport.run(file, into: scene.path("imported"), trusting: trust) }
                == .otherNetwork(
                    path: file, found: scene.network.log.genesis.logID, expected: other.genesis.logID))
        var configuration = scene.network.configuration(1)
        configuration.genesis = other.genesis
        configuration.dataDirectory = scene.path("other")
        await (try await EventStore.open(configuration)).close()
        #expect(
            await refusal { try await NodeImport.run(file, into: configuration.dataDirectory) }
                == .otherNetwork(
                    path: file, found: scene.network.log.genesis.logID, expected: other.genesis.logID))
        #expect(try await scene.contents(of: configuration.dataDirectory).wires.isEmpty)
    }

    @Test func `a directory of another node, or one that is in use, is refused`() async throws {
        try await scene.fill()
        let file = try await scene.export()
        let directory = scene.network.configuration(1).dataDirectory
        #expect(
            await refusal { try await NodeImport.run(file, into: directory, for: 3) }
                == .otherNode(directory: directory, found: 1, named: 3))
        #expect(
            await refusal { try await NodeImport.run(file, into: scene.path("new"), for: 77) }
                == .unregistered(node: 77))
        let store = try await NodeStore.open(directory: directory)
        #expect(
            await refusal { try await NodeImport.run(file, into: directory) }
                == .store(.directoryInUse(directory: directory)))
        #expect(
            await refusal { try await store.export(to: file) { _ in } }
                == .file(path: file, reason: "File exists"))
        await store.close()
        #expect(!isMade(file + ".unfinished"))
        #expect(try await scene.records(of: file).count > 20)
    }

    /// What somebody may change who makes the digests anew.
    enum Forgery: CaseIterable {
        case floor, floorWithoutSeal, head, seal, node, event, belowFloor, chain, chainOfNobody, checkpoint, evidence,
            order, heading
    }

    @Test(arguments: Forgery.allCases)
    func `what nobody signed is refused, though the digests are right`(_ forgery: Forgery) async throws {
        try await scene.fill()
        var records = try await scene.records(of: try await scene.export())
        func place(_ kind: UInt8) throws -> Int { try #require(records.firstIndex { $0.kind == kind }) }
        guard case .heading(let heading) = records[0], case .head(let head) = records[try place(3)],
            case .seal(let seal) = records[try place(4)], case .node(let node) = records[try place(2)],
            case .checkpoint(let checkpoint, _) = records[try place(5)], case .chain(let chain) = records[try place(6)],
            case .event(let wire) = records[try place(7)]
        else { return }
        let log = scene.network.log
        let other = SecretKey(seed: 9, label: "somebody")
        let bad = other.sign(.zero)
        func lifted(to floor: UInt32) -> ExportRecord {
            .heading(
                ExportHeading(
                    genesis: heading.genesis, node: heading.node, key: heading.key, floor: UTCDay(number: floor)))
        }
        let expected: (ExportFault) -> Bool
        switch forgery {
        case .floor:
            records[0] = lifted(to: ExportScene.floor + 1)
            expected = { if case .floor = $0 { true } else { false } }
        case .floorWithoutSeal:
            records.remove(at: try place(4))
            expected = { if case .floor = $0 { true } else { false } }
        case .head:
            records[try place(3)] = .head(SignedHead(head: head.head, signature: bad))
            expected = { $0 == .signature(of: "the newest head") }
        case .seal:
            records[try place(4)] = .seal(SignedSealNotice(notice: seal.notice, signature: bad))
            expected = { $0 == .signature(of: "the notice of seals") }
        case .node:
            records[try place(2)] = .node(
                RegisteredNode(
                    number: node.number, registration: node.registration, operatorSignature: bad,
                    nodeSignature: node.nodeSignature))
            expected = { $0 == .signature(of: "node \(node.number)") }
        case .event:
            records[try place(7)] = .event(WireEvent(event: wire.event, signature: bad.bytes, envelope: wire.envelope))
            expected = { $0 == .event(id: wire.id, refusal: .eventSignature(originator: 1)) }
        case .belowFloor:
            var four = TestOriginator(4, log: TestLog())
            let old = four.next(.sample(90, expiry: ExportScene.floor - 1))
            records.insert(.event(old), at: try place(7))
            expected = { if case .event(old.id, .evicted) = $0 { true } else { false } }
        case .chain:
            records[try place(6)] = .chain(SignedEvent(event: chain.event, signature: bad))
            expected = { $0 == .event(id: chain.id, refusal: .eventSignature(originator: 1)) }
        case .chainOfNobody:
            var nine = TestOriginator(9, log: log)
            let end = try nine.next(.sample(91)).unchecked().signed
            records.insert(.chain(end), at: try place(6))
            expected = { $0 == .event(id: end.id, refusal: .unregistered(originator: 9)) }
        case .checkpoint:
            records[try place(5)] = .checkpoint(checkpoint, bad)
            expected = { $0 == .signature(of: "the checkpoint of \(checkpoint.day)") }
        case .evidence:
            records.insert(.evidence(chain, chain), at: try place(8))
            expected = { $0 == .noContradiction }
        case .order:
            records.swapAt(try place(7), try place(8))
            expected = { $0 == .order(kind: 7) }
        case .heading:
            records.insert(records[0], at: 0)
            expected = { $0 == .order(kind: 1) }
        }
        let file = try scene.write(records, as: "forged.export")
        guard
            case .refused(_, _, let fault)? = await refusal({
                try await NodeImport.run(file, into: scene.path("imported"))
            })
        else {
            Issue.record("\(forgery) was taken")
            return
        }
        #expect(expected(fault), "\(fault)")
    }
}
