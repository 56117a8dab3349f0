import Channels
import Primitives

/// What a node answers to who dialled it.
enum PeerAnswer: Hashable, Sendable {
    /// What became of a pushed event.
    enum PushResult: UInt8, Hashable, Sendable {
        case new = 0
        case known = 1
        case refused = 2
    }

    static let daysMax = 65_536
    static let placesMax = 131_072
    static let cellsMax = 16_384
    static let chainsMax = 32

    case hello(node: UInt32, nonce: Bytes32, proof: Signature)
    case proof
    case push([PushResult])
    case compare(SetComparison)
    case places([PlaceRange])
    case fetch([WireEvent])
    case probe(Bytes32)
    case challenge([Bytes32])
    /// The ends of an originator's chains, signed, ascending by shard.
    case chains([SignedEvent])
    case cells([SketchCell])
    case days([DayNode])
    case tree([TreeContent])
    case fetchPlaces([WireEvent])
    case signed(LogNews)
    /// How each shard of a survey compares, in its order.
    case survey([SurveyResult])
    case refusal(PeerRefusal)

    /// The type of an answer that is an error.
    static let refusalType: UInt8 = 255

    /// The frame's type.
    var type: UInt8 {
        switch self {
        case .hello: 129
        case .proof: 130
        case .push: 131
        case .compare: 132
        case .places: 133
        case .fetch: 134
        case .probe: 135
        case .challenge: 136
        case .chains: 137
        case .cells: 138
        case .days: 139
        case .tree: 140
        case .fetchPlaces: 141
        case .signed: 142
        case .survey: 143
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
        case .compare(.equal): writer.append(1 as UInt8)
        case .compare(.differs(let state, let key)):
            writer.append(0 as UInt8)
            writer.append(state)
            writer.append(raw: key.key)
        case .compare(.absent): writer.append(2 as UInt8)
        case .places(let ranges): writer.append(ranges)
        case .cells(let cells): writer.append(list: cells) { $0.append($1) }
        case .days(let days):
            writer.append(list: days) { writer, day in
                writer.append(day.day)
                writer.append(day.node)
            }
        case .tree(let contents): writer.append(list: contents) { $0.append($1) }
        case .fetch(let events), .fetchPlaces(let events): writer.append(list: events) { $0.append($1) }
        case .signed(let news): writer.append(news)
        case .probe(let answer): writer.append(answer)
        case .challenge(let answers): writer.append(list: answers) { $0.append($1) }
        case .survey(let results): writer.append(list: results) { $0.append($1.rawValue) }
        case .chains(let tips):
            writer.append(list: tips) { writer, tip in
                writer.append(tip.bytes)
                writer.append(tip.signature)
            }
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
        case 132:
            switch try reader.uint8() {
            case 0: self = .compare(.differs(try reader.state(), key: try reader.sipHash()))
            case 1: self = .compare(.equal)
            case 2: self = .compare(.absent)
            default: throw .field("equal")
            }
        case 133: self = .places(try reader.ranges(limit: Self.placesMax))
        case 134: self = .fetch(try reader.events())
        case 135: self = .probe(try reader.bytes32())
        case 136: self = .challenge(try reader.ids(limit: PeerQuestion.challengesMax))
        case 137:
            let tips = try reader.list(limit: Self.chainsMax, elementBytes: 69) { reader throws(FrameError) in
                let bytes = try reader.bytes(limit: Event.bytesMax)
                guard let tip = try? SignedEvent(bytes: bytes, signature: try reader.signature()) else {
                    throw .field("event")
                }
                return tip
            }
            self = .chains(tips)
        case 138:
            self = .cells(
                try reader.list(limit: Self.cellsMax, elementBytes: SketchCell.wireBytesMin) {
                    reader throws(FrameError) in try reader.cell()
                }
            )
        case 139: self = .days(try reader.days())
        case 140:
            self = .tree(
                try reader.list(limit: PeerQuestion.pathsMax, elementBytes: 5) { reader throws(FrameError) in
                    try reader.content()
                }
            )
        case 141: self = .fetchPlaces(try reader.events())
        case 142: self = .signed(try reader.news())
        case 143:
            self = .survey(
                try reader.list(limit: 1 << Int(Sharding.bitsMax), elementBytes: 1) { reader throws(FrameError) in
                    guard let result = SurveyResult(rawValue: try reader.uint8()) else { throw .field("result") }
                    return result
                }
            )
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

/// How a shard of a survey compares.
enum SurveyResult: UInt8, Hashable, Sendable {
    case differs = 0
    case equal = 1
    /// The answering node does not hold it.
    case absent = 2
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

extension WireReader {
    /// Epochs in a list, ascending, none empty.
    fileprivate mutating func days() throws(FrameError) -> [DayNode] {
        let days = try list(limit: PeerAnswer.daysMax, elementBytes: 9) { reader throws(FrameError) in
            DayNode(day: try reader.uint64(), node: try reader.node())
        }
        guard zip(days, days.dropFirst()).allSatisfy({ $0.day < $1.day }) else { throw .field("day") }
        return days
    }
}
