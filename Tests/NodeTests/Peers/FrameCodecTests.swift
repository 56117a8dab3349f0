import Channels
import NIOCore
import Primitives
import Testing

@testable import Node

@Suite struct FrameCodecTests {
    /// Reads a whole frame as a connection would after its handshake.
    private func decoded(_ bytes: [UInt8], handshake: Bool = false) throws -> [PeerFrame] {
        var decoder = PeerFrameDecoder()
        var buffer = ByteBuffer()
        if !handshake {
            for _ in 0..<2 { buffer.writeBytes(PeerFrame(type: 2, request: 0, body: []).bytes) }
        }
        buffer.writeBytes(bytes)
        var frames: [PeerFrame] = []
        while let frame = try decoder.next(in: &buffer) { frames.append(frame) }
        return handshake ? frames : Array(frames.dropFirst(2))
    }

    @Test(arguments: Vectors.forms(prefix: "frame: ").map(\.name))
    func `frames have the bytes of the vectors`(_ name: String) throws {
        let form = try #require(Vectors.all.forms.first { $0.name == name })
        let frame = try #require(try decoded(form.raw).first)
        #expect(frame.bytes == form.raw)
        if frame.type < 128 {
            let question = try PeerQuestion(type: frame.type, body: frame.body)
            #expect(question.type == frame.type && question.body == frame.body)
        } else {
            let answer = try PeerAnswer(type: frame.type, body: frame.body)
            #expect(answer.type == frame.type && answer.body == frame.body)
        }
    }

    @Test func `probe and challenge answers are those of the vectors`() throws {
        for form in Vectors.forms(tag: "feesvc/probe/1") {
            var decoder = try CanonicalDecoder(form.raw, tag: "feesvc/probe/1")
            let nonce = try decoder.readBytes32()
            #expect(ProbeProofs.probe(nonce: nonce, answerer: try decoder.readUInt32()).hex == form.sha256)
        }
        for form in Vectors.forms(tag: "feesvc/challenge/1") {
            var decoder = try CanonicalDecoder(form.raw, tag: "feesvc/challenge/1")
            let nonce = try decoder.readBytes32()
            let envelope = try decoder.readBytes(limit: WireEvent.envelopeBytesMax)
            #expect(ProbeProofs.challenge(nonce: nonce, envelope: envelope).hex == form.sha256)
        }
    }

    @Test func `full envelopes have the bytes of the vectors`() throws {
        for form in Vectors.forms(prefix: "full envelope") {
            let envelope = try #require(Envelope(wireBytes: form.raw))
            #expect(envelope.wireBytes == form.raw)
        }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `every message comes back as it was sent, whole or byte by byte`(_ seed: UInt64) throws {
        var generator = RandomMessages(seed: seed)
        for question in generator.questions() {
            let frame = PeerFrame(type: question.type, request: UInt32(seed), body: question.body)
            let back = try #require(try decoded(frame.bytes).first)
            #expect(back == frame)
            #expect(try PeerQuestion(type: back.type, body: back.body) == question)
        }
        for answer in generator.answers() {
            let frame = PeerFrame(type: answer.type, request: UInt32(seed), body: answer.body)
            #expect(try decoded(frame.bytes).first == frame)
            #expect(try PeerAnswer(type: answer.type, body: answer.body) == answer)
        }
        var decoder = PeerFrameDecoder()
        var buffer = ByteBuffer()
        var found: [PeerFrame] = []
        let frames = [PeerFrame(type: 1, request: 1, body: [1, 2, 3]), PeerFrame(type: 5, request: 2, body: [])]
        for byte in frames.flatMap(\.bytes) {
            buffer.writeInteger(byte)
            if let frame = try decoder.next(in: &buffer) { found.append(frame) }
        }
        #expect(found == frames)
    }

    @Test func `a body cut short, or with a byte more, is refused`() {
        var generator = RandomMessages(seed: 1)
        for question in generator.questions() {
            for cut in 0..<min(question.body.count, 300) {
                #expect(throws: FrameError.self) {
                    try PeerQuestion(type: question.type, body: Array(question.body.prefix(cut)))
                }
            }
            #expect(throws: FrameError.trailing(count: 1)) {
                try PeerQuestion(type: question.type, body: question.body + [0])
            }
        }
        for answer in generator.answers() {
            for cut in 0..<min(answer.body.count, 300) {
                #expect(throws: FrameError.self) {
                    try PeerAnswer(type: answer.type, body: Array(answer.body.prefix(cut)))
                }
            }
            #expect(throws: FrameError.trailing(count: 1)) {
                try PeerAnswer(type: answer.type, body: answer.body + [0])
            }
        }
    }

    @Test func `a length out of bounds is refused before its bytes come`() {
        #expect(throws: FrameError.length(limit: 4_194_304, found: 4_194_305)) { try decoded([0, 0x40, 0, 1]) }
        #expect(throws: FrameError.length(limit: 4_194_304, found: 0xffff_ffff)) { try decoded([255, 255, 255, 255]) }
        #expect(throws: FrameError.length(limit: 4_194_304, found: 0)) { try decoded([0, 0, 0, 0]) }
        #expect(throws: FrameError.length(limit: 4_194_304, found: 4)) { try decoded([0, 0, 0, 4]) }
        #expect(throws: FrameError.length(limit: 512, found: 513)) { try decoded([0, 0, 2, 1], handshake: true) }
        #expect(throws: FrameError.tooLong(limit: 256, found: 257)) {
            try PeerQuestion(type: 6, body: [0, 0, 1, 1])
        }
        #expect(throws: FrameError.truncated) { try PeerAnswer(type: 133, body: [0, 1, 0, 0, 0]) }
        #expect(throws: FrameError.tooLong(limit: 131_072, found: 131_073)) {
            try PeerAnswer(type: 133, body: [0, 2, 0, 1, 0])
        }
        #expect(throws: FrameError.tooLong(limit: 16_384, found: 16_385)) {
            try PeerAnswer(type: 138, body: [0, 0, 64, 1, 0])
        }
    }

    @Test func `ten thousand frames of random bytes are read or refused, never more`() {
        var generator = SplitMix64(seed: 11)
        var messages = RandomMessages(seed: 12)
        let good = messages.questions().map { ($0.type, $0.body) } + messages.answers().map { ($0.type, $0.body) }
        for number in 0..<10_000 {
            var (type, body) = good[number % good.count]
            if number.isMultiple(of: 2) {
                let count = Int.random(in: 0...200, using: &generator)
                body = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
                type = UInt8.random(in: 0...255, using: &generator)
            } else if !body.isEmpty {
                for _ in 0..<3 {
                    body[Int.random(in: 0..<body.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
            }
            // What is read is canonical: it is written back as it came.
            if let question = try? PeerQuestion(type: type, body: body) { #expect(question.body == body) }
            if let answer = try? PeerAnswer(type: type, body: body) { #expect(answer.body == body) }
            var stream = body
            if number.isMultiple(of: 3) { stream = PeerFrame(type: type, request: 1, body: body).bytes + body }
            _ = try? decoded(stream, handshake: number.isMultiple(of: 5))
        }
    }
}

/// One message of each kind with random contents.
private struct RandomMessages {
    private var generator: SplitMix64

    init(seed: UInt64) {
        generator = SplitMix64(seed: seed)
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private mutating func id() -> Bytes32 { SHA256.hash(bytes(8)) }

    private mutating func ids() -> [Bytes32] {
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in id() }.sorted()
    }

    private mutating func events() -> [WireEvent] {
        (0..<Int.random(in: 0...3, using: &generator)).map { _ in
            WireEvent(
                event: bytes(Int.random(in: 0...90, using: &generator)),
                signature: bytes(65),
                envelope: bytes(Int.random(in: 0...90, using: &generator))
            )
        }
    }

    private mutating func signature() -> Signature { SecretKey(seed: 1, label: "frames").sign(id()) }

    private mutating func tip() -> SignedEvent {
        SignedEvent(
            event: Event(
                originator: .random(in: 0...UInt32.max, using: &generator), sequence: 2, previous: id(), topic: id(),
                links: [],
                envelopeHash: id(), receipt: bytes(20)),
            signature: signature())
    }

    private mutating func state() -> SetState {
        SetState(
            floor: UTCDay(number: .random(in: 0...UInt32.max, using: &generator)),
            count: .random(in: 0...UInt64.max, using: &generator), root: id())
    }

    private mutating func node(_ hash: Bytes32) -> TreeNode {
        TreeNode(count: .random(in: 1...UInt64.max, using: &generator), hash: hash)
    }

    private mutating func ranges() -> [PlaceRange] {
        var next: UInt64 = .random(in: 1...9, using: &generator)
        return (0..<Int.random(in: 0...5, using: &generator)).map { place in
            let last = next + .random(in: 0...1 << 40, using: &generator)
            defer { next = last + .random(in: 2...300, using: &generator) }
            return PlaceRange(originator: UInt32(place / 2 * 77), sequences: next...last)
        }
    }

    mutating func shard() -> Shard { Shard(number: .random(in: 0...4_095, using: &generator)) }

    mutating func questions() -> [PeerQuestion] {
        [
            .hello(
                PeerQuestion.Hello(
                    version: .random(in: 0...9, using: &generator),
                    domainSeparator: id(),
                    logID: id(),
                    node: .random(in: 0...9, using: &generator),
                    nonce: id()
                )
            ),
            .proof(signature()), .push(events()), .compare(shard(), state()), .places(shard()),
            .fetch(ids().map(\.prefix)),
            .probe(day: .random(in: 0...UInt64.max, using: &generator), nonce: id()),
            .challenge(ids().map { PeerQuestion.Challenge(event: $0, nonce: $0) }),
            .chains(originator: .random(in: 0...UInt32.max, using: &generator), from: shard()),
            .cells(shard(), from: .random(in: 0...UInt32.max, using: &generator), count: 7), .days(shard()),
            .tree(
                shard(), day: .random(in: 0...UInt64.max, using: &generator),
                paths: ids().map { TreePath(of: $0, digits: .random(in: 0...16, using: &generator)) }),
            .fetchPlaces(shard(), ranges()),
            .survey([]),
            .survey((0..<3).map { SurveyedShard(shard: Shard(number: $0 * 1_365), state: state()) }),
        ]
    }

    mutating func answers() -> [PeerAnswer] {
        [
            .hello(node: .random(in: 0...9, using: &generator), nonce: id(), proof: signature()), .proof,
            .push([.new, .known, .refused]),
            .compare(.equal), .compare(.differs(state(), key: .random())), .places(ranges()),
            .cells(
                ids().map {
                    SketchCell(
                        count: .random(in: Int64.min...Int64.max, using: &generator), hashes: $0.prefix, ids: $0)
                }
            ),
            .days(ids().enumerated().map { DayNode(day: UInt64($0), node: node($1)) }),
            .tree([.leaf(ids()), .branch((0..<16).map { $0.isMultiple(of: 3) ? .empty : node(id()) })]),
            .fetch(events()), .fetchPlaces(events()), .probe(id()), .challenge(ids()),
            .chains([]), .chains([tip(), tip()]), .compare(.absent),
            .survey([.differs, .equal, .absent]), .survey([]),
            .refusal(PeerRefusal(code: .proof, text: "no")),
        ]
    }
}
