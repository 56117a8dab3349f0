import Channels
import Primitives

/// What an exported file begins with: of which network it is, and who wrote it.
struct ExportHeading: Hashable, Sendable {
    let genesis: Genesis
    /// The node that wrote it, and its key.
    let node: UInt32
    let key: Address
    /// What expires before this day was held by nobody who has the same floor.
    let floor: UTCDay

    static let genesisBytesMax = 4_096

    /// `tagged "feesvc/node-export/1": bytes genesis, u32 node, address key, u32 floor`.
    var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/node-export/1")
        encoder.append(genesis.canonicalBytes)
        encoder.append(node)
        encoder.append(key)
        encoder.append(floor.number)
        return encoder.bytes
    }

    init(genesis: Genesis, node: UInt32, key: Address, floor: UTCDay) {
        self.genesis = genesis
        self.node = node
        self.key = key
        self.floor = floor
    }

    init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/node-export/1")
        genesis = try Genesis(canonicalBytes: try decoder.readBytes(limit: Self.genesisBytesMax))
        node = try decoder.readUInt32()
        key = try decoder.readAddress()
        floor = UTCDay(number: try decoder.readUInt32())
        try decoder.finish()
    }
}

/// What an exported file ends with.
struct ExportEnd: Hashable, Sendable {
    /// The records before this one.
    let records: UInt64
    /// The events among them.
    let events: UInt64
    /// The bytes of the file before the block of this record.
    let bytes: UInt64
}

/// One record of an exported file. Nothing in it has been believed.
enum ExportRecord: Hashable, Sendable {
    case heading(ExportHeading)
    case node(RegisteredNode)
    case head(SignedHead)
    case seal(SignedSealNotice)
    case checkpoint(Checkpoint, Signature)
    /// The end of an originator's chain, as far as it is or was held.
    case chain(SignedEvent)
    case event(WireEvent)
    /// Two events of one originator that contradict each other.
    case evidence(SignedEvent, SignedEvent)
    case headEvidence(HeadEvidence)
    case end(ExportEnd)

    /// The largest body: an event with its envelope.
    static let bodyBytesMax = 4 + Event.bytesMax + 65 + 4 + WireEvent.envelopeBytesMax

    /// The kind; those of a file ascend.
    var kind: UInt8 {
        switch self {
        case .heading: 1
        case .node: 2
        case .head: 3
        case .seal: 4
        case .checkpoint: 5
        case .chain: 6
        case .event: 7
        case .evidence: 8
        case .headEvidence: 9
        case .end: 10
        }
    }

    /// Whether a file has at most one of a kind.
    static func isSingle(_ kind: UInt8) -> Bool { [1, 3, 4, 10].contains(kind) }

    /// The body.
    var body: [UInt8] {
        var writer = WireWriter()
        switch self {
        case .heading(let heading): writer.append(raw: heading.canonicalBytes)
        case .node(let node): writer.append(raw: node.canonicalBytes)
        case .head(let signed): writer.append(signed.head.canonicalBytes, signed.signature)
        case .seal(let signed): writer.append(signed.notice.canonicalBytes, signed.signature)
        case .checkpoint(let checkpoint, let signature): writer.append(checkpoint.canonicalBytes, signature)
        case .chain(let signed): writer.append(signed.bytes, signed.signature)
        case .event(let wire): writer.append(wire)
        case .evidence(let one, let other):
            writer.append(one.bytes, one.signature)
            writer.append(other.bytes, other.signature)
        case .headEvidence(let evidence): writer.append(raw: evidence.canonicalBytes)
        case .end(let end):
            writer.append(end.records)
            writer.append(end.events)
            writer.append(end.bytes)
        }
        return writer.bytes
    }

    /// Reads a body; one record has one form.
    init(kind: UInt8, body: [UInt8]) throws(ExportFault) {
        do {
            self = try Self.read(kind, body)
        } catch let fault as ExportFault {
            throw fault
        } catch {
            throw .record(kind: kind, reason: "\(error)")
        }
    }

    private static func read(_ kind: UInt8, _ body: [UInt8]) throws -> ExportRecord {
        var reader = WireReader(body)
        let record: ExportRecord
        switch kind {
        case 1: return .heading(try ExportHeading(canonicalBytes: body))
        case 2: return .node(try RegisteredNode(canonicalBytes: body))
        case 3:
            let head = try LogHead(canonicalBytes: try reader.bytes(limit: LogNews.bytesMax))
            record = .head(SignedHead(head: head, signature: try reader.signature()))
        case 4:
            let notice = try SealNotice(canonicalBytes: try reader.bytes(limit: LogNews.bytesMax))
            record = .seal(SignedSealNotice(notice: notice, signature: try reader.signature()))
        case 5:
            let checkpoint = try Checkpoint(canonicalBytes: try reader.bytes(limit: LogNews.bytesMax))
            record = .checkpoint(checkpoint, try reader.signature())
        case 6: record = .chain(try reader.signedEvent())
        case 7: record = .event(try reader.event())
        case 8: record = .evidence(try reader.signedEvent(), try reader.signedEvent())
        case 9: return .headEvidence(try HeadEvidence(canonicalBytes: body))
        case 10:
            record = .end(
                ExportEnd(records: try reader.uint64(), events: try reader.uint64(), bytes: try reader.uint64()))
        default: throw ExportFault.kind(kind)
        }
        try reader.finish()
        return record
    }
}

extension WireWriter {
    /// `bytes value, sig`.
    fileprivate mutating func append(_ value: [UInt8], _ signature: Signature) {
        append(value)
        append(signature)
    }
}

extension WireReader {
    fileprivate mutating func signedEvent() throws -> SignedEvent {
        try SignedEvent(bytes: try bytes(limit: Event.bytesMax), signature: try signature())
    }

    fileprivate mutating func event() throws(FrameError) -> WireEvent {
        WireEvent(
            event: try bytes(limit: Event.bytesMax), signature: try raw(65),
            envelope: try bytes(limit: WireEvent.envelopeBytesMax))
    }
}
