public import Primitives

/// What an administrative act orders. An order's name and body are its form in ``AdminAct``.
public enum AdminOrder: Hashable, Sendable {
    /// Moves a manual clock to a time, Unix seconds.
    case clock(UInt64)
    /// Gathers from the nodes which charges of an ended epoch they hold.
    case collect(epoch: UInt64)
    /// Gathers the nodes' observations of an ended epoch and seals it.
    case seal(epoch: UInt64)
    /// Announces the schedule that follows the last one.
    case schedule(FeeSchedule)
    /// Stops charging, or lets it go on.
    case pause(Bool)
    /// Replaces a key.
    case rotate(KeyRotation)
    /// Begins the close of the channel that a salted commitment names: the log tells nobody which.
    case close(commitment: Bytes32)
    /// Splits pools by another ruleset from the next epoch on: its canonical bytes, which the rules of rewards read.
    case ruleset([UInt8])
    /// Moves money in the name of a sealed epoch whose result sent it to the wrong place.
    case correct(Correction)
    /// Goes on after leaves were lost that the log had shown.
    case rollback(Rollback)

    /// The order's name, at most ``nameBytesMax`` bytes.
    public var name: String {
        switch self {
        case .clock: "clock"
        case .collect: "collect"
        case .seal: "seal"
        case .schedule: "schedule"
        case .pause: "pause"
        case .rotate: "rotate"
        case .close: "close"
        case .ruleset: "ruleset"
        case .correct: "correct"
        case .rollback: "rollback"
        }
    }

    /// The longest name.
    public static let nameBytesMax = 32

    /// Whether the act becomes a leaf of the log. Moves of a manual clock don't: every head says what time it is.
    public var isLogged: Bool {
        switch self {
        case .clock: false
        case .collect, .seal, .schedule, .pause, .rotate, .close, .ruleset, .correct, .rollback: true
        }
    }

    /// What is ordered, as docs/protocol.md §2 lists it by name.
    public var body: [UInt8] {
        var encoder = CanonicalEncoder()
        switch self {
        case .clock(let time): encoder.append(time)
        case .collect(let epoch), .seal(let epoch): encoder.append(epoch)
        case .schedule(let schedule): return schedule.canonicalBytes
        case .rotate(let rotation): return rotation.canonicalBytes
        case .ruleset(let bytes): return bytes
        case .correct(let correction): return correction.orderBody
        case .rollback(let rollback): return rollback.canonicalBytes
        case .close(let commitment): encoder.append(commitment)
        case .pause(let isPaused): encoder.append(UInt8(isPaused ? 1 : 0))
        }
        return encoder.bytes
    }

    /// Reads a body; a name that no order has is out of range.
    public init(name: String, body: [UInt8]) throws(CanonicalError) {
        switch name {
        case "clock": self = .clock(try Self.number(body))
        case "collect": self = .collect(epoch: try Self.number(body))
        case "seal": self = .seal(epoch: try Self.number(body))
        case "schedule": self = .schedule(try FeeSchedule(canonicalBytes: body))
        case "pause": self = .pause(try Self.flag(body))
        case "rotate": self = .rotate(try KeyRotation(canonicalBytes: body))
        case "close":
            guard let commitment = Bytes32(body) else { throw .outOfRange(field: "body") }
            self = .close(commitment: commitment)
        case "ruleset": self = .ruleset(body)
        case "correct": self = .correct(try Correction(orderBody: body))
        case "rollback": self = .rollback(try Rollback(canonicalBytes: body))
        default: throw .outOfRange(field: "name")
        }
    }

    private static func flag(_ body: [UInt8]) throws(CanonicalError) -> Bool {
        switch body {
        case [0]: false
        case [1]: true
        default: throw .outOfRange(field: "body")
        }
    }

    private static func number(_ body: [UInt8]) throws(CanonicalError) -> UInt64 {
        var decoder = CanonicalDecoder(untagged: body)
        let number = try decoder.readUInt64()
        try decoder.finish()
        return number
    }
}

/// An administrative act: what is to be done, once.
public struct AdminAct: Hashable, Sendable {
    /// What is to be done.
    public let order: AdminOrder
    /// Higher than the nonce of every act before.
    public let nonce: UInt64

    /// The largest body of an order.
    static let bodyBytesMax = 1_024

    /// Makes an act.
    public init(_ order: AdminOrder, nonce: UInt64) {
        self.order = order
        self.nonce = nonce
    }

    /// `tagged "feesvc/act/2": text name, bytes body, u64 nonce`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/act/2")
        encoder.append(order.name)
        encoder.append(order.body)
        encoder.append(nonce)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/act/2")
        let name = try decoder.readText(limit: AdminOrder.nameBytesMax, field: "name")
        order = try AdminOrder(name: name, body: try decoder.readBytes(limit: Self.bodyBytesMax))
        nonce = try decoder.readUInt64()
        try decoder.finish()
    }

    /// What the admin key signs.
    public var statement: AdminActStatement { AdminActStatement(act: SHA256.hash(canonicalBytes)) }
}
