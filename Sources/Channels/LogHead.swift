public import Primitives

/// `LogHead`: the log key vouches for a head by the hash of its canonical bytes.
public struct LogHeadStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("LogHead(bytes32 head)")
    /// SHA-256 of ``LogHead/canonicalBytes``.
    public let head: Bytes32

    /// Makes the statement.
    public init(head: Bytes32) {
        self.head = head
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [head] }
}

/// The state of the fee log at a moment.
public struct LogHead: Hashable, Sendable {
    /// Which log.
    public let logID: Bytes32
    /// How many leaves it has.
    public let size: UInt64
    /// The root of its tree.
    public let root: Bytes32
    /// The log's time, Unix seconds.
    public let time: UInt64
    /// The open epoch.
    public let epoch: UInt64

    /// Makes a head.
    public init(logID: Bytes32, size: UInt64, root: Bytes32, time: UInt64, epoch: UInt64) {
        self.logID = logID
        self.size = size
        self.root = root
        self.time = time
        self.epoch = epoch
    }

    /// `tagged "feesvc/head/1": b32 logId, u64 size, b32 root, u64 time, u64 epoch`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/head/1")
        encoder.append(logID)
        encoder.append(size)
        encoder.append(root)
        encoder.append(time)
        encoder.append(epoch)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/head/1")
        logID = try decoder.readBytes32()
        size = try decoder.readUInt64()
        root = try decoder.readBytes32()
        time = try decoder.readUInt64()
        epoch = try decoder.readUInt64()
        try decoder.finish()
    }

    /// What the log key signs.
    public var statement: LogHeadStatement { LogHeadStatement(head: SHA256.hash(canonicalBytes)) }
}

/// A head with the log key's signature.
public struct SignedHead: Hashable, Sendable {
    /// The head.
    public let head: LogHead
    /// The log key's signature.
    public let signature: Signature

    /// Pairs a head with a signature; ``isBy(_:in:)`` checks it.
    public init(head: LogHead, signature: Signature) {
        self.head = head
        self.signature = signature
    }

    /// Tells whether `logKey` signed the head in `domain`.
    public func isBy(_ logKey: Address, in domain: EIP712Domain) -> Bool {
        signature.isBy(logKey, over: domain.digest(of: head.statement))
    }
}
