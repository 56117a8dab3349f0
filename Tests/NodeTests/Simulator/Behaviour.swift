import Primitives

@testable import Node

/// How a Byzantine peer answers.
enum Behaviour: CaseIterable, Sendable {
    /// Does not answer at all.
    case silent
    /// Names what it holds and serves nothing.
    case withholding
    /// Serves events with a byte changed.
    case corrupting
    /// Serves events that nobody asked for.
    case unasked
    /// Claims another state each time.
    case countless
    /// Claims to hold every place there is.
    case boastful
    /// Sends cells that never decode.
    case scrambling
    /// Sends trees of ids that there are not.
    case growing
    /// Claims that everything has expired.
    case expired
    /// Sends bytes that are no answer.
    case garbled
    /// Breaks off in the middle.
    case breaking
    /// Names a new sketch key in each comparison.
    case keyed
    /// Sends trees in which one subtree stands on every path.
    case sharing
    /// Serves one event an answer.
    case single
    /// Gives answers as large as it may, as far as a simulation bears it.
    case largest
    /// Publishes ten times as much as others, and pushes everything ten times and broken.
    case flooding

    /// What it makes of an honest answer; `nil` where it does not answer.
    func answer(
        _ honest: PeerAnswer, to question: PeerQuestion, _ generator: inout SplitMix64
    ) -> PeerAnswer? {
        func bytes32() -> Bytes32 {
            Bytes32(words: (generator.next(), generator.next(), generator.next(), generator.next()))
        }
        switch (self, honest) {
        case (.silent, _): return nil
        case (.breaking, _): return Bool.random(using: &generator) ? nil : honest
        case (.withholding, .fetch): return .fetch([])
        case (.withholding, .fetchPlaces): return .fetchPlaces([])
        case (.corrupting, .fetch(let events)): return .fetch(events.map { $0.changed(&generator) })
        case (.corrupting, .fetchPlaces(let events)): return .fetchPlaces(events.map { $0.changed(&generator) })
        case (.unasked, .fetch(let events)): return .fetchPlaces(events.reversed())
        case (.countless, .compare):
            return .compare(
                .differs(
                    SetState(floor: UTCDay(number: 0), count: generator.next() >> 20, root: bytes32()),
                    key: SipHash.seeded(generator.next())))
        case (.boastful, .places):
            return .places(
                (1...40 as ClosedRange<UInt32>).map { PlaceRange(originator: $0, sequences: 1...1 << 40) })
        case (.scrambling, .cells(let cells)):
            return .cells(cells.map { _ in SketchCell(count: 3, hashes: generator.next(), ids: bytes32()) })
        case (.growing, .days):
            return .days((1...64).map { DayNode(day: $0, node: TreeNode(count: 70, hash: bytes32())) })
        case (.growing, .tree(let contents)):
            return .tree(contents.map { _ in .leaf((0..<64).map { _ in bytes32() }.sorted()) })
        case (.expired, .compare):
            return .compare(
                .differs(
                    SetState(floor: UTCDay(number: .max), count: 0, root: .zero), key: SipHash.seeded(generator.next()))
            )
        case (.keyed, .compare(.differs(let state, _))):
            return .compare(.differs(state, key: SipHash.seeded(generator.next())))
        case (.sharing, .days): return .days([DayNode(day: 1 << 32, node: SharedTree.nodes[16])])
        case (.sharing, .tree):
            guard case .tree(_, _, let paths) = question else { return honest }
            return .tree(paths.map(SharedTree.content))
        case (.single, .fetch(let events)): return .fetch(Array(events.prefix(1)))
        case (.single, .fetchPlaces(let events)): return .fetchPlaces(Array(events.prefix(1)))
        case (.largest, .places):
            return .places((1...2_048).map { PlaceRange(originator: $0, sequences: 1...UInt64(Int64.max) - 1) })
        case (.largest, .days):
            return .days(
                (1 << 32..<(1 << 32) + 512).map { DayNode(day: $0, node: TreeNode(count: 1 << 40, hash: bytes32())) })
        case (.largest, .tree(let contents)):
            return .tree(
                contents.map { _ in .branch((0..<16).map { _ in TreeNode(count: 1 << 40, hash: bytes32()) }) })
        case (.largest, .fetch(let events)) where !events.isEmpty:
            return .fetch((0..<32).map { events[$0 % events.count] })
        case (.largest, .fetchPlaces(let events)) where !events.isEmpty:
            return .fetchPlaces((0..<32).map { events[$0 % events.count] })
        case (.garbled, _): return .probe(bytes32())
        default: return honest
        }
    }
}

extension WireEvent {
    /// The same with one byte of it changed.
    func changed(_ generator: inout SplitMix64) -> WireEvent {
        func changed(_ bytes: [UInt8]) -> [UInt8] {
            guard !bytes.isEmpty else { return bytes }
            var bytes = bytes
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            return bytes
        }
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: return WireEvent(event: changed(event), signature: signature, envelope: envelope)
        case 1: return WireEvent(event: event, signature: changed(signature), envelope: envelope)
        default: return WireEvent(event: event, signature: signature, envelope: changed(envelope))
        }
    }
}

extension SipHash {
    /// A key that a seed decides.
    static func seeded(_ seed: UInt64) -> SipHash {
        var generator = SplitMix64(seed: seed)
        let bytes = (0..<SipHash.keyBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
        guard let key = SipHash(key: bytes) else { preconditionFailure("a key has 16 bytes") }
        return key
    }
}
