import Primitives

/// What a node answers to who dialled it.
enum PeerAnswer: Hashable, Sendable {
    /// What became of a pushed event.
    enum PushResult: UInt8, Hashable, Sendable {
        case new = 0
        case known = 1
        case refused = 2
        case waits = 3
    }

    static let bucketsMax = 65_536
    static let idsMax = 65_536

    case hello(node: UInt32, nonce: Bytes32, proof: Signature)
    case proof
    case push([PushResult])
    case summary([BucketSummary])
    case ids([Bytes32], more: Bool)
    case fetch([WireEvent])
    case probe(Bytes32)
    case challenge([Bytes32])
    case chain(highest: UInt64, id: Bytes32)
    case refusal(PeerRefusal)

    /// The type of an answer that is an error.
    static let refusalType: UInt8 = 255

    /// The frame's type.
    var type: UInt8 {
        switch self {
        case .hello: 129
        case .proof: 130
        case .push: 131
        case .summary: 132
        case .ids: 133
        case .fetch: 134
        case .probe: 135
        case .challenge: 136
        case .chain: 137
        case .refusal: Self.refusalType
        }
    }

    /// The frame's body.
    var body: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .hello(let node, let nonce, let proof):
            writer.append(node)
            writer.append(nonce)
            writer.append(proof)
        case .proof: break
        case .push(let results): writer.append(list: results) { $0.append($1.rawValue) }
        case .summary(let buckets):
            writer.append(list: buckets) { writer, bucket in
                writer.append(bucket.epoch)
                writer.append(bucket.count)
                writer.append(bucket.root)
            }
        case .ids(let ids, let more):
            writer.append(list: ids) { $0.append($1) }
            writer.append(more ? 1 : 0 as UInt8)
        case .fetch(let events): writer.append(list: events) { $0.append($1) }
        case .probe(let answer): writer.append(answer)
        case .challenge(let answers): writer.append(list: answers) { $0.append($1) }
        case .chain(let highest, let id):
            writer.append(highest)
            writer.append(id)
        case .refusal(let refusal):
            writer.append(refusal.code.rawValue)
            writer.append(Array(refusal.text.utf8))
        }
        return writer.bytes
    }

    /// Reads a frame's body.
    init(type: UInt8, body: [UInt8]) throws(FrameError) {
        var reader = WireReader(body)
        switch type {
        case 129: self = .hello(node: try reader.uint32(), nonce: try reader.bytes32(), proof: try reader.signature())
        case 130: self = .proof
        case 131:
            self = .push(
                try reader.list(limit: PeerQuestion.eventsMax, elementBytes: 1) { reader throws(FrameError) in
                    guard let result = PushResult(rawValue: try reader.uint8()) else { throw .field("result") }
                    return result
                }
            )
        case 132: self = .summary(try reader.summary())
        case 133:
            let ids = try reader.ids(limit: Self.idsMax)
            guard zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .field("ids") }
            let more = try reader.uint8()
            guard more <= 1 else { throw .field("more") }
            self = .ids(ids, more: more == 1)
        case 134: self = .fetch(try reader.events())
        case 135: self = .probe(try reader.bytes32())
        case 136: self = .challenge(try reader.ids(limit: PeerQuestion.challengesMax))
        case 137: self = .chain(highest: try reader.uint64(), id: try reader.bytes32())
        case Self.refusalType:
            let code = try reader.uint16()
            let bytes = try reader.bytes(limit: PeerRefusal.textBytesMax)
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .field("text") }
            self = .refusal(PeerRefusal(code: PeerRefusal.Code(rawValue: code), text: text))
        default: throw .type(type)
        }
        try reader.finish()
    }
}

/// An error that one node tells another.
struct PeerRefusal: Hashable, Sendable, Error {
    static let textBytesMax = 256

    /// Which error; a code of a later version is kept as it came.
    struct Code: RawRepresentable, Hashable, Sendable {
        let rawValue: UInt16

        static let malformed = Code(rawValue: 1)
        static let version = Code(rawValue: 2)
        static let otherNetwork = Code(rawValue: 3)
        static let unregistered = Code(rawValue: 4)
        static let proof = Code(rawValue: 5)
        static let unproved = Code(rawValue: 6)
        static let failed = Code(rawValue: 7)
    }

    let code: Code
    let text: String
}

/// What a node holds of one epoch: how many events, and the root of their ids.
struct BucketSummary: Hashable, Sendable {
    let epoch: UInt64
    let count: UInt64
    let root: Bytes32
}

extension WireReader {
    /// Buckets in a list, ascending by epoch.
    fileprivate mutating func summary() throws(FrameError) -> [BucketSummary] {
        let buckets = try list(limit: PeerAnswer.bucketsMax, elementBytes: 48) { reader throws(FrameError) in
            BucketSummary(epoch: try reader.uint64(), count: try reader.uint64(), root: try reader.bytes32())
        }
        guard zip(buckets, buckets.dropFirst()).allSatisfy({ $0.epoch < $1.epoch }) else { throw .field("epoch") }
        return buckets
    }
}
