import Primitives

/// What a node asks over a connection that it dialled.
enum PeerQuestion: Hashable, Sendable {
    /// Who asks, and what the other is to sign.
    struct Hello: Hashable, Sendable {
        static let versionNow: UInt16 = 3
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
    /// What the asking node holds.
    case compare(SetState)
    case places
    /// Events by the first eight bytes of their ids.
    case fetch([UInt64])
    case probe(day: UInt64, nonce: Bytes32)
    case challenge([Challenge])
    case chain(originator: UInt32)
    case cells(from: UInt32, count: UInt32)
    case days
    case tree(day: UInt64, paths: [TreePath])
    case fetchPlaces([PlaceRange])
    /// What the answerer has seen that the log key signed.
    case signed

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
        case .chain: 9
        case .cells: 10
        case .days: 11
        case .tree: 12
        case .fetchPlaces: 13
        case .signed: 14
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
        case .compare(let state): writer.append(state)
        case .places, .days, .signed: break
        case .fetch(let prefixes): writer.append(list: prefixes) { $0.append($1) }
        case .probe(let day, let nonce):
            writer.append(day)
            writer.append(nonce)
        case .challenge(let challenges):
            writer.append(list: challenges) { writer, challenge in
                writer.append(challenge.event)
                writer.append(challenge.nonce)
            }
        case .chain(let originator): writer.append(originator)
        case .cells(let first, let count):
            writer.append(first)
            writer.append(count)
        case .tree(let day, let paths):
            writer.append(day)
            writer.append(list: paths) { $0.append($1) }
        case .fetchPlaces(let ranges): writer.append(ranges)
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
        case 4: self = .compare(try reader.state())
        case 5: self = .places
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
        case 9: self = .chain(originator: try reader.uint32())
        case 10:
            self = .cells(from: try reader.uint32(), count: try reader.uint32())
        case 11: self = .days
        case 12:
            self = .tree(
                day: try reader.uint64(),
                paths: try reader.list(limit: Self.pathsMax, elementBytes: 9) { reader throws(FrameError) in
                    try reader.path()
                }
            )
        case 13: self = .fetchPlaces(try reader.ranges(limit: Self.eventsMax))
        case 14: self = .signed
        default: throw .type(type)
        }
        try reader.finish()
    }
}

extension WireReader {
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
