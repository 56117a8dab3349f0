public import Primitives

/// An event with its originator's signature; ``isBy(_:in:)`` checks it.
public struct SignedEvent: Hashable, Sendable {
    /// The event.
    public let event: Event
    /// The originator's signature over its id.
    public let signature: Signature
    /// The event's canonical bytes.
    public let bytes: [UInt8]
    /// SHA-256 of `bytes`, always computed here and never taken from elsewhere.
    public let id: Bytes32

    /// Pairs an event with a signature.
    public init(event: Event, signature: Signature) {
        self.event = event
        self.signature = signature
        bytes = event.canonicalBytes
        id = SHA256.hash(bytes)
    }

    /// Reads an event's canonical bytes beside a signature.
    public init(bytes: [UInt8], signature: Signature) throws(CanonicalError) {
        event = try Event(canonicalBytes: bytes)
        self.signature = signature
        self.bytes = bytes
        id = SHA256.hash(bytes)
    }

    /// Signs an event.
    public init(event: Event, key: SecretKey, domain: EIP712Domain) {
        let bytes = event.canonicalBytes
        let id = SHA256.hash(bytes)
        self.event = event
        self.bytes = bytes
        self.id = id
        signature = key.sign(domain.digest(of: EventStatement(id: id)))
    }

    /// Tells whether `key` signed the event in `domain`.
    public func isBy(_ key: Address, in domain: EIP712Domain) -> Bool {
        signature.isBy(key, over: domain.digest(of: EventStatement(id: id)))
    }
}
