import Channels
import Primitives

/// What a node asks over a connection that it dialled.
enum PeerQuestion: Hashable, Sendable {
    /// Who asks, and what the other is to sign.
    struct Hello: Hashable, Sendable {
        static let versionNow: UInt16 = 4
        /// The frame's type, of every version.
        static let type: UInt8 = 1

        let version: UInt16
        let domainSeparator: Bytes32
        let logID: Bytes32
        let node: UInt32
        let nonce: Bytes32
    }

    /// A challenge to show possession of an event's envelope.
    struct Challenge: Hashable, Sendable {
        let event: Bytes32
        let nonce: Bytes32
    }

    static let eventsMax = 256
    static let challengesMax = 64
    static let pathsMax = 256

    case hello(Hello)
    case proof(Signature)
    case push([WireEvent])
    /// What the asking node holds of a shard.
    case compare(Shard, SetState)
    case places(Shard)
    /// Events by the first eight bytes of their ids.
    case fetch([UInt64])
    case probe(day: UInt64, nonce: Bytes32)
    case challenge([Challenge])
    /// The ends of an originator's chains, from a shard on.
    case chains(originator: UInt32, from: Shard)
    case cells(Shard, from: UInt32, count: UInt32)
    case days(Shard)
    case tree(Shard, day: UInt64, paths: [TreePath])
    case fetchPlaces(Shard, [PlaceRange])
    /// What the answerer has seen that the log key signed.
    case signed
    /// What the asking node holds of many shards, ascending.
    case survey([SurveyedShard])

    /// The frame's type.
    var type: UInt8 {
        switch self {
        case .hello: Hello.type
        case .proof: 2
        case .push: 3
        case .compare: 4
        case .places: 5
        case .fetch: 6
        case .probe: 7
        case .challenge: 8
        case .chains: 9
        case .cells: 10
        case .days: 11
        case .tree: 12
        case .fetchPlaces: 13
        case .signed: 14
        case .survey: 15
        }
    }

    /// The frame's body.
    var body: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .hello(let hello):
            writer.append(hello.version)
            writer.append(hello.domainSeparator)
            writer.append(hello.logID)
            writer.append(hello.node)
            writer.append(hello.nonce)
        case .proof(let signature): writer.append(signature)
        case .push(let events): writer.append(list: events) { $0.append($1) }
        case .compare(let shard, let state):
            writer.append(shard.number)
            writer.append(state)
        case .places(let shard), .days(let shard): writer.append(shard.number)
        case .signed: break
        case .fetch(let prefixes): writer.append(list: prefixes) { $0.append($1) }
        case .probe(let day, let nonce):
            writer.append(day)
            writer.append(nonce)
        case .challenge(let challenges):
            writer.append(list: challenges) { writer, challenge in
                writer.append(challenge.event)
                writer.append(challenge.nonce)
            }
        case .chains(let originator, let shard):
            writer.append(originator)
            writer.append(shard.number)
        case .cells(let shard, let first, let count):
            writer.append(shard.number)
            writer.append(first)
            writer.append(count)
        case .tree(let shard, let day, let paths):
            writer.append(shard.number)
            writer.append(day)
            writer.append(list: paths) { $0.append($1) }
        case .fetchPlaces(let shard, let ranges):
            writer.append(shard.number)
            writer.append(ranges)
        case .survey(let shards):
            writer.append(list: shards) { writer, surveyed in
                writer.append(surveyed.shard.number)
                writer.append(surveyed.state)
            }
        }
        return writer.bytes
    }

    /// Reads a frame's body.
    init(type: UInt8, body: [UInt8]) throws(FrameError) {
        var reader = WireReader(body)
        switch type {
        case 1:
            self = .hello(
                Hello(
                    version: try reader.uint16(),
                    domainSeparator: try reader.bytes32(),
                    logID: try reader.bytes32(),
                    node: try reader.uint32(),
                    nonce: try reader.bytes32()
                )
            )
        case 2: self = .proof(try reader.signature())
        case 3: self = .push(try reader.events())
        case 4: self = .compare(try reader.shard(), try reader.state())
        case 5: self = .places(try reader.shard())
        case 6:
            self = .fetch(
                try reader.list(limit: Self.eventsMax, elementBytes: 8) { reader throws(FrameError) in
                    try reader.uint64()
                }
            )
        case 7: self = .probe(day: try reader.uint64(), nonce: try reader.bytes32())
        case 8:
            self = .challenge(
                try reader.list(limit: Self.challengesMax, elementBytes: 64) { reader throws(FrameError) in
                    Challenge(event: try reader.bytes32(), nonce: try reader.bytes32())
                }
            )
        case 9: self = .chains(originator: try reader.uint32(), from: try reader.shard())
        case 10:
            self = .cells(try reader.shard(), from: try reader.uint32(), count: try reader.uint32())
        case 11: self = .days(try reader.shard())
        case 12:
            self = .tree(
                try reader.shard(), day: try reader.uint64(),
                paths: try reader.list(limit: Self.pathsMax, elementBytes: 9) { reader throws(FrameError) in
                    try reader.path()
                }
            )
        case 13: self = .fetchPlaces(try reader.shard(), try reader.ranges(limit: Self.eventsMax))
        case 14: self = .signed
        case 15: self = .survey(try reader.surveyed())
        default: throw .type(type)
        }
        try reader.finish()
    }
}

/// One shard of a survey.
struct SurveyedShard: Hashable, Sendable {
    let shard: Shard
    let state: SetState
}

extension WireReader {
    /// A shard's number, in the range that there may be.
    mutating func shard() throws(FrameError) -> Shard {
        let number = try uint16()
        guard number < 1 << UInt16(Sharding.bitsMax) else { throw .field("shard") }
        return Shard(number: number)
    }

    /// Shards of a survey, ascending.
    fileprivate mutating func surveyed() throws(FrameError) -> [SurveyedShard] {
        let shards = try list(limit: 1 << Int(Sharding.bitsMax), elementBytes: 46) { reader throws(FrameError) in
            SurveyedShard(shard: try reader.shard(), state: try reader.state())
        }
        guard zip(shards, shards.dropFirst()).allSatisfy({ $0.shard < $1.shard }) else { throw .field("shard") }
        return shards
    }

    /// Ids in a list.
    mutating func ids(limit: Int) throws(FrameError) -> [Bytes32] {
        try list(limit: limit, elementBytes: 32) { reader throws(FrameError) in try reader.bytes32() }
    }

    /// Events with their envelopes in a list.
    mutating func events() throws(FrameError) -> [WireEvent] {
        try list(limit: PeerQuestion.eventsMax, elementBytes: 73) { reader throws(FrameError) in
            WireEvent(
                event: try reader.bytes(limit: Event.bytesMax),
                signature: try reader.raw(65),
                envelope: try reader.bytes(limit: WireEvent.envelopeBytesMax)
            )
        }
    }
}

extension WireWriter {
    /// `bytes event, sig, bytes envelope`.
    mutating func append(_ event: WireEvent) {
        append(event.event)
        append(raw: event.signature)
        append(event.envelope)
    }
}
