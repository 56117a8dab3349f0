import Channels
import Primitives

@testable import Node

/// What nodes send each other.
let peerTargets: [FuzzTarget] = [
    FuzzTarget("frame", seeds: { try Seeds.forms(named: "frame: ").map { Array($0.dropFirst(4)) } }, run: testFrame),
    FuzzTarget("envelope", seeds: { try Seeds.forms(named: "full envelope") }) { bytes in
        guard let envelope = Envelope(wireBytes: bytes) else { return }
        require(envelope.wireBytes == bytes, "an envelope has two forms")
    },
    FuzzTarget("push", seeds: pushSeeds, run: testPush),
    FuzzTarget(
        "sketch", seeds: { try Seeds.forms(named: "frame: cells, answer").map { Array($0.dropFirst(9)) } },
        run: testSketch),
]

/// Input: the cells that a peer answers. Decoding them against a set of its own ends, and names no more than there are cells.
private func testSketch(_ bytes: [UInt8]) {
    guard case .cells(let cells)? = try? PeerAnswer(type: 138, body: bytes), let key = SipHash(key: Array(0..<16))
    else { return }
    var own = SetSketch(key: key, cells: cells.count)
    for byte in 0..<20 as Range<UInt8> { own.insert(SHA256.hash([byte])) }
    var decoder = SketchDecoder(key: key)
    let half = cells.count / 2
    decoder.append(theirs: Array(cells[..<half]), ours: own.cells(from: 0, count: half))
    decoder.append(theirs: Array(cells[half...]), ours: own.cells(from: half, count: cells.count - half))
    let named = decoder.ours + decoder.theirs
    require(named.count <= cells.count && Set(named).count == named.count, "more ids than cells, or one twice")
}

/// Input: what follows a frame's length.
private func testFrame(_ bytes: [UInt8]) {
    guard let frame = canonical(bytes, PeerFrame.init(payload:), { Array($0.bytes.dropFirst(4)) }) else { return }
    do throws(FrameError) {
        if frame.type < 128 {
            let question = try PeerQuestion(type: frame.type, body: frame.body)
            require(question.type == frame.type && question.body == frame.body, "a question has two forms")
        } else {
            let answer = try PeerAnswer(type: frame.type, body: frame.body)
            require(answer.type == frame.type && answer.body == frame.body, "an answer has two forms")
        }
    } catch {
        let refusal = PeerAnswer.refusal(PeerRefusal(code: .malformed, text: "\(error)"))
        let read = try? PeerAnswer(type: refusal.type, body: refusal.body)
        require(read == refusal, "what a peer is told of its mistake can't be read: \(error)")
    }
}

@Sendable private func pushSeeds() throws -> [[UInt8]] {
    try Seeds.forms(named: "frame: push").filter { $0[4] == 3 }.map { Array($0.dropFirst(9)) }
        + Seeds.forms(named: "event 1 on the wire").map { wire in
            var encoder = CanonicalEncoder()
            encoder.append(UInt32(1))
            return try encoder.bytes + wire + [0, 0, 4, 133] + Seeds.form("full envelope, payload 1,024 bytes")
        }
}

private let network = Result {
    let nodes = try ["1", "2", "3", "4"].map {
        try RegisteredNode(canonicalBytes: try Seeds.form("body 6 node \($0)")).registration.nodeKey
    }
    return (rules: AdmissionRules(try Genesis(canonicalBytes: try Seeds.form("body 1 genesis"))), keys: nodes)
}

/// Input: the body of a push. Each event is checked as a node of the vectors' network checks it.
private func testPush(_ bytes: [UInt8]) {
    guard let question = try? PeerQuestion(type: 3, body: bytes), case .push(let events) = question else { return }
    require(question.body == bytes, "a push has two forms")
    guard case .success(let network) = network else { violation("the vectors can't be read") }
    let key = { (number: UInt32) in network.keys.indices.contains(Int(number) - 1) ? network.keys[Int(number) - 1] : nil
    }
    for event in events {
        for isTrusted in [true, false] {
            guard let checked = try? network.rules.check(event, key: key, isTrusted: { _ in isTrusted }) else {
                continue
            }
            require(isTrusted, "an event was taken whose receipt nobody signed")
            require(checked.signed.event.canonicalBytes == event.event, "an event has two forms")
            require(checked.id == event.id, "an event's id is not that of its bytes")
        }
    }
}
