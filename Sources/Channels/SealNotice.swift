public import Primitives

/// `SealNotice`: the log key vouches that epochs are sealed.
public struct SealNoticeStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("SealNotice(bytes32 notice)")
    /// SHA-256 of ``SealNotice/canonicalBytes``.
    public let notice: Bytes32

    /// Makes the statement.
    public init(notice: Bytes32) {
        self.notice = notice
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [notice] }
}

/// How far a log's epochs are sealed: what was delivered in them, and who is paid for it, is decided, so their messages may be
/// dropped once they have expired.
public struct SealNotice: Hashable, Sendable {
    /// Which log.
    public let logID: Bytes32
    /// Every epoch up to it is sealed.
    public let epoch: UInt64
    /// The log's size when this was signed; it decides which key had to.
    public let size: UInt64

    /// Makes a notice.
    public init(logID: Bytes32, epoch: UInt64, size: UInt64) {
        self.logID = logID
        self.epoch = epoch
        self.size = size
    }

    /// `tagged "feesvc/seal-notice/1": b32 logId, u64 epoch, u64 size`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/seal-notice/1")
        encoder.append(logID)
        encoder.append(epoch)
        encoder.append(size)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/seal-notice/1")
        logID = try decoder.readBytes32()
        epoch = try decoder.readUInt64()
        size = try decoder.readUInt64()
        try decoder.finish()
    }

    /// What the log key signs.
    public var statement: SealNoticeStatement { SealNoticeStatement(notice: SHA256.hash(canonicalBytes)) }
}

/// A notice with the log key's signature.
public struct SignedSealNotice: Hashable, Sendable {
    /// The notice.
    public let notice: SealNotice
    /// The signature.
    public let signature: Signature

    /// Pairs a notice with a signature.
    public init(notice: SealNotice, signature: Signature) {
        self.notice = notice
        self.signature = signature
    }
}

extension KeyHistory {
    /// Tells whether the log key of a notice's size signed it.
    public func hasSigned(_ signed: SignedSealNotice) -> Bool {
        signed.notice.logID == logID
            && signed.signature.isBy(
                key(of: .log, at: signed.notice.size), over: domain.digest(of: signed.notice.statement))
    }
}
