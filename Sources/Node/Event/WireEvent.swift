public import Channels
public import Primitives

/// An event and its envelope as they travel between nodes and lie in the store: bytes that nothing has been believed
/// of.
public struct WireEvent: Hashable, Sendable {
    /// The largest envelope: head, payload and their lengths.
    public static let envelopeBytesMax = EnvelopeHead.payloadBytesMax + 512

    /// The event's canonical bytes.
    public let event: [UInt8]
    /// The originator's signature, 65 bytes.
    public let signature: [UInt8]
    /// `bytes head, bytes payload`; of a message that its topic's owner had deleted, the deletion's canonical bytes.
    public let envelope: [UInt8]

    /// Takes bytes from the wire or the store.
    public init(event: [UInt8], signature: [UInt8], envelope: [UInt8]) {
        self.event = event
        self.signature = signature
        self.envelope = envelope
    }

    /// The wire form of a signed event and its envelope.
    public init(_ signed: SignedEvent, _ envelope: Envelope) {
        self.init(event: signed.bytes, signature: signed.signature.bytes, envelope: envelope.wireBytes)
    }

    /// The event's id, recomputed from its bytes.
    public var id: Bytes32 { SHA256.hash(event) }

    /// The order to delete that travels in place of the payload; `nil` where there is none.
    var deletion: Deletion? { isDeletion ? try? Deletion(canonicalBytes: envelope) : nil }

    /// Whether an order to delete travels in place of the payload.
    var isDeletion: Bool { envelope.starts(with: Self.deletionTag) }

    private static let deletionTag = CanonicalEncoder(tag: "feesvc/deletion/1").bytes

    /// Bytes that it takes in a frame.
    var frameBytes: Int { 4 + event.count + signature.count + 4 + envelope.count }
}

extension Envelope {
    /// `bytes head, bytes payload`.
    public var wireBytes: [UInt8] {
        var writer = WireWriter()
        writer.append(head.canonicalBytes)
        writer.append(payload)
        return writer.bytes
    }

    /// Reads `bytes head, bytes payload`; `nil` where the head is malformed or does not commit to the payload.
    init?(wireBytes: [UInt8]) {
        var reader = WireReader(wireBytes)
        do throws(FrameError) {
            let head = try reader.bytes(limit: 512)
            let payload = try reader.bytes(limit: EnvelopeHead.payloadBytesMax)
            try reader.finish()
            guard let parsed = try? EnvelopeHead(canonicalBytes: head) else { return nil }
            self.init(head: parsed, payload: payload)
        } catch {
            return nil
        }
    }
}
