import Channels
import Primitives
import Testing

@testable import Node

@Suite struct IntegrityTests {
    private let network = TestNetwork()

    @Test(arguments: [1, 2] as [UInt64])
    func `P4: a bit that flips on the way, at any byte of an answer, brings nothing, and the true bytes still come`(
        _ seed: UInt64
    ) async throws {
        let node = try await network.node(1)
        await node.update(registry: (1...2).map { network.registered($0, port: 1) })
        let truth = try await network.node(3)
        await truth.update(registry: (1...2).map { network.registered($0, port: 1) })
        var originator = TestOriginator(2, log: network.log)
        _ = originator.next(.sample(9))
        let wire = originator.next(.sample(1, bytes: 24), links: [originator.previous])
        _ = try await truth.core.take([wire], from: 2)
        let source = StoreSource(truth.core.store)
        let replica = HealedReplica(core: node.core, peer: 2)
        let answer = PeerAnswer.fetchPlaces([wire])
        let bytes = PeerFrame(type: answer.type, request: 1, body: answer.body).bytes
        var generator = SplitMix64(seed: seed)
        let reconciler = SetReconciler(takesMax: 0, ways: [.places])
        // All but the question's number, which is nothing of an event.
        for place in bytes.indices where !(5...8).contains(place) {
            let bit = UInt8.random(in: 0...7, using: &generator)
            let flipping = Flipping(truth: source, place: place, bit: bit)
            _ = try? await reconciler.reconcile(replica, with: flipping)
            #expect(await node.core.store.state().count == 0, "bit \(bit) of byte \(place)")
        }
        #expect(try await reconciler.reconcile(replica, with: source))
        #expect(try await node.core.store.wireEvents([wire.id], bytesMax: 0) == [wire])
    }

    @Test func `P4: a message whose envelope is not the one that its event names is shown to nobody`() async throws {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1)])
        let envelope = Envelope.sample(1)
        #expect(await node.publish(network.paid([envelope])).first?.event != nil)
        #expect(await node.messages(in: envelope.head.topic).map(\.envelope) == [envelope])
        let head = envelope.head
        let salted = Envelope(
            topic: head.topic, expiryDay: head.expiryDay, salt: Bytes32(integer: 77), payload: envelope.payload)
        try await node.core.store.overwriteEnvelopes(with: salted.wireBytes)
        #expect(await node.messages(in: envelope.head.topic).isEmpty)
        await node.close()
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `P5: however bytes are moved over the edges of fields, no two contents share an id`(_ seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        func number<T: FixedWidthInteger & Sendable>(_ range: ClosedRange<T>) -> T {
            T.random(in: range, using: &generator)
        }
        // Few different bytes, so that what lies on both sides of an edge is often alike.
        func id() -> Bytes32 { Bytes32([UInt8](repeating: number(0...1), count: 32)) ?? .zero }
        var events: Set<Event> = []
        for _ in 0..<300 {
            let sequence: UInt64 = number(1...3)
            events.insert(
                Event(
                    originator: number(0...2), sequence: sequence,
                    previous: sequence == 1 ? .zero : Bytes32(integer: 1),
                    topic: id(),
                    links: Array(
                        Set((0..<number(0...3)).map { _ in Bytes32(integer: UInt128(number(0...4) as UInt8)) })),
                    envelopeHash: id(), receipt: [UInt8](repeating: number(0...1), count: number(0...70))))
        }
        #expect(Set(events.map(\.canonicalBytes)).count == events.count)
        #expect(Set(events.map(\.id)).count == events.count)
        for event in events { #expect((try? Event(canonicalBytes: event.canonicalBytes)) == event) }
        // What a reader takes has one form: of all cuts and shifts of an event's bytes only the event itself has its content.
        let event = try #require(events.max { $0.receipt.count < $1.receipt.count })
        let bytes = event.canonicalBytes
        for place in bytes.indices {
            let (before, after) = (Array(bytes[..<place]), Array(bytes[place...]))
            let shifts: [[UInt8]] = [before + [0] + after, before + after.dropFirst(), after + before]
            for changed in shifts where changed != bytes {
                guard let read = try? Event(canonicalBytes: changed) else { continue }
                #expect(read != event && read.id != event.id && read.canonicalBytes == changed)
            }
        }
        var envelopes: Set<[UInt8]> = []
        var hashes: Set<Bytes32> = []
        for _ in 0..<200 {
            let envelope = Envelope(
                topic: id(), expiryDay: UTCDay(number: number(0...2)), salt: id(),
                payload: [UInt8](repeating: number(0...1), count: number(0...40)))
            envelopes.insert(envelope.wireBytes)
            hashes.insert(envelope.hash)
        }
        #expect(envelopes.count == hashes.count)
    }
}

extension EventStore {
    fileprivate func overwriteEnvelopes(with bytes: [UInt8]) throws {
        try database.run("UPDATE envelope SET bytes = ?", [.blob(bytes)])
    }
}

/// Serves the truth in a frame of which one bit has flipped on the way.
private struct Flipping: ReconcileSource {
    let truth: StoreSource
    let place: Int
    let bit: UInt8

    func compare(_ state: SetState) async throws -> SetComparison { try await truth.compare(state) }
    func places() async throws -> [PlaceRange] { try await truth.places() }
    func cells(from first: Int, count: Int) async throws -> [SketchCell] { [] }
    func days() async throws -> [DayNode] { [] }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] { [] }
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] {
        let answer = PeerAnswer.fetchPlaces(try await truth.fetch(targets))
        var bytes = PeerFrame(type: answer.type, request: 1, body: answer.body).bytes
        bytes[place] ^= 1 << bit
        try PeerFrame.check(length: bytes[..<4].reduce(0) { $0 << 8 | Int($1) })
        let length = bytes[..<4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= bytes.count - 4 else { throw PeerFailure.timeout }
        let frame = try PeerFrame(payload: Array(bytes[4..<4 + length]))
        guard case .fetchPlaces(let events) = try PeerAnswer(type: frame.type, body: frame.body) else {
            throw PeerFailure.unexpected(type: frame.type)
        }
        return events
    }
}
