import Channels
import NIOCore
import Primitives
import Testing

@testable import Node

/// What a node does with each kind of bad input: a typed refusal, and nothing changed. What damages its disk is in
/// `StoreRepairTests`, another network's directory in `StoreOpeningTests`, and clocks that jump in `SimulatorTests`.
@Suite struct BadInputTests {
    private let network = TestNetwork()
    private var log: TestLog { network.log }

    private func refusal(_ wire: WireEvent) -> EventRefusal? {
        let key = SecretKey(seed: 1, label: "node").address
        do throws(EventRefusal) {
            _ = try AdmissionRules(log.genesis).check(
                wire, key: { $0 == 1 ? key : nil },
                isTrusted: { [log] in $0.isBy(log.key.address, in: log.domain) })
            return nil
        } catch {
            return error
        }
    }

    @Test func `lies about counts and ranges are refused before anything is allocated for them`() {
        func refusal(_ type: UInt8, _ body: [UInt8]) -> FrameError? {
            do throws(FrameError) {
                _ = try type < 128 ? PeerQuestion(type: type, body: body).type : PeerAnswer(type: type, body: body).type
                return nil
            } catch {
                return error
            }
        }
        let many: [UInt8] = [255, 255, 255, 255]
        for type in [3, 6, 8, 13] as [UInt8] {
            let limit = type == 8 ? PeerQuestion.challengesMax : PeerQuestion.eventsMax
            let shard: [UInt8] = type == 13 ? [0, 7] : []
            #expect(refusal(type, shard + many) == .tooLong(limit: limit, found: 0xffff_ffff))
            #expect(refusal(type, shard + [0, 0, 0, 2]) == .truncated, "\(type)")
        }
        #expect(refusal(15, many) == .tooLong(limit: 4_096, found: 0xffff_ffff))
        for type in [4, 5, 10, 11, 12, 13] as [UInt8] {
            #expect(refusal(type, [0x10, 0]) == .field("shard"), "\(type)")
        }
        for type in [131, 133, 134, 136, 138, 139, 140, 141, 143] as [UInt8] {
            guard case .tooLong(_, 0xffff_ffff) = refusal(type, many) else {
                Issue.record("answer \(type)")
                continue
            }
            #expect(refusal(type, [0, 0, 0, 2]) == .truncated, "\(type)")
        }
        // Ranges that touch, that go past the last sequence, and of an originator past the last.
        func ranges(_ gaps: [(UInt64, UInt64, UInt64)]) -> [UInt8] {
            var writer = WireWriter()
            writer.append(list: gaps) { writer, gap in
                for value in [gap.0, gap.1, gap.2] { writer.append(varint: value) }
            }
            return writer.bytes
        }
        #expect(refusal(133, ranges([(1, 0, 4), (0, 1, 0)])) == nil)
        for bad in [
            [(1, 0, 4), (0, 0, 4)], [(1, 0, 1 << 63)], [(1, 1 << 63, 0)], [(1, .max, .max)], [(1 << 32, 0, 0)],
            [(UInt64(UInt32.max), 0, 0), (1, 0, 0)], [(1, UInt64(Int64.max) - 1, 1)],
        ] as [[(UInt64, UInt64, UInt64)]] {
            #expect(refusal(133, ranges(bad)) == .field("places"), "\(bad)")
            #expect(refusal(13, [0, 7] + ranges(bad)) == .field("places"), "\(bad)")
        }
    }

    @Test func `an expiry in the past or beyond the limit is refused by its day`() {
        var one = TestOriginator(1, log: log)
        let today = UTCDay(containing: TestLog.start + 3_600)
        for expiry in [0, today.number - 1, today.number] {
            #expect(
                refusal(one.next(.sample(1, expiry: expiry)))
                    == .expired(expiry: UTCDay(number: expiry), logged: today))
        }
        let last = today.number + ScheduleBounds.retentionDays.upperBound
        #expect(refusal(one.next(.sample(2, expiry: last))) == nil)
        for expiry in [last + 1, .max] {
            #expect(
                refusal(one.next(.sample(3, expiry: expiry)))
                    == .retention(expiry: UTCDay(number: expiry), last: UTCDay(number: last)))
        }
    }

    @Test func `a signature of another key is refused by whose it should be`() {
        var one = TestOriginator(1, log: log)
        let good = one.next(.sample(1))
        let digest = log.domain.digest(of: EventStatement(id: good.id))
        for key in [SecretKey(seed: 2, label: "node"), log.key] {
            let forged = WireEvent(event: good.event, signature: key.sign(digest).bytes, envelope: good.envelope)
            #expect(refusal(forged) == .eventSignature(originator: 1))
        }
        let none = WireEvent(event: good.event, signature: [UInt8](repeating: 255, count: 65), envelope: good.envelope)
        #expect(refusal(none) == .signatureForm)
    }

    @Test func `100,000 tips are no event, and an event that names what it would be named is of another name`()
        async throws
    {
        func bytes(_ links: [Bytes32], count: UInt32) -> [UInt8] {
            var encoder = CanonicalEncoder(tag: "feesvc/event/1")
            encoder.append(1 as UInt32)
            encoder.append(1 as UInt64)
            encoder.append(Bytes32.zero)
            encoder.append(Bytes32.zero)
            encoder.append(count)
            for link in links { encoder.append(link) }
            return encoder.bytes
        }
        #expect(throws: CanonicalError.tooLong(limit: 16, found: 100_000)) {
            _ = try Event(canonicalBytes: bytes([], count: 100_000))
        }
        let links = (1...100_000).map { Bytes32(integer: UInt128($0)) }
        #expect(throws: CanonicalError.tooLong(limit: 16, found: 100_000)) {
            _ = try Event(canonicalBytes: bytes(links, count: 100_000))
        }
        // A link is hashed into the id, so none is to itself: what names the id that it would have without that link names
        // an event that there is not, and is nobody's ancestor.
        let node = try await network.node(1)
        await node.update(registry: (1...2).map { network.registered($0, port: 1) })
        let one = TestOriginator(2, log: log)
        let receipt = log.charge([.sample(1)])[0]
        let alone = one.event(.sample(1), receipt: receipt, sequence: 1)
        let selfish = one.event(.sample(1), receipt: receipt, sequence: 1, links: [alone.id])
        #expect(selfish.id != alone.id)
        #expect(try await node.core.take([selfish], from: 2).results == [.new])
        let nobody = StoreSource(try await network.store(3))
        for _ in 0..<9 {
            try await SetReconciler().fetchAncestors(for: HealedReplica(core: node.core, peer: 3), from: nobody)
        }
        #expect(nobody.fetches <= 4 && nobody.events == 0)
        #expect(try await node.core.check().isEmpty)
        await node.close()
    }

    @Test func `sequences end at 2^63 − 1: what is above is no event, and after the last one nothing is signed`()
        async throws
    {
        var configuration = network.configuration(1)
        configuration.limits.chainTimeout = .zero
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: (1...2).map { network.registered($0, port: 1) })
        let last = UInt64(Int64.max)
        for number in [1, 2] as [UInt32] {
            var originator = TestOriginator(number, log: log)
            originator.previous = Bytes32(integer: 7)
            let receipts = log.charge([.sample(UInt64(number) * 10), .sample(UInt64(number) * 10 + 1)])
            for (place, sequence) in [UInt64.max, last + 1].enumerated() {
                let wire = originator.event(
                    .sample(UInt64(number) * 10 + UInt64(place)), receipt: receipts[place], sequence: sequence)
                #expect(throws: CanonicalError.outOfRange(field: "sequence")) { try Event(canonicalBytes: wire.event) }
                #expect(try await node.core.take([wire], from: 2).results == [.refused])
            }
            let wire = originator.event(.sample(UInt64(number) * 10), receipt: receipts[0], sequence: last)
            #expect(try await node.core.take([wire], from: 2).results == [.new])
        }
        #expect(await node.chainHighest(of: 2)?.highest == last)
        #expect(await node.publish(network.paid([.sample(900)])).first?.refusal == .healing)
        let places = [PlaceRange(originator: 2, sequences: 1...last)]
        #expect(try await node.core.store.wireEvents(on: places, bytesMax: .max).count == 1)
        #expect(try await node.core.check().isEmpty)
        await node.close()
    }
}
