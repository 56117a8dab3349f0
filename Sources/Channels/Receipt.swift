public import Primitives

/// Why a receipt proves nothing.
public enum ReceiptRefusal: Error, Hashable, Sendable {
    /// The bytes are not a receipt.
    case form(CanonicalError)
    /// Its leaf records something else than a charge.
    case notACharge
    /// Its head is of another log.
    case otherLog
    /// Its head was not signed by the log key.
    case headSignature
    /// Its path does not lead from the leaf to the head's root.
    case path
    /// It pays for another envelope.
    case otherEnvelope
}

/// The proof that an envelope was paid: a charge leaf, a signed head, and the path between them.
public struct Receipt: Hashable, Sendable {
    /// The largest receipt in canonical bytes.
    public static let bytesMax = 4_096
    private static let pathMax = 64

    /// The leaf that records the charge.
    public let leaf: LogLeaf
    /// The charge that the leaf's body holds.
    public let charge: Charge
    /// A head of the log that covers the leaf.
    public let head: SignedHead
    /// The siblings from the leaf to the root.
    public let path: [Bytes32]

    /// Puts a receipt together; the service's side.
    public init(leaf: LogLeaf, charge: Charge, head: SignedHead, path: [Bytes32]) {
        self.leaf = leaf
        self.charge = charge
        self.head = head
        self.path = path
    }

    /// `tagged "feesvc/receipt/1": bytes leaf, bytes head, sig, list<b32> path`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/receipt/1")
        encoder.append(leaf.canonicalBytes)
        encoder.append(head.head.canonicalBytes)
        encoder.append(head.signature)
        encoder.append(list: path) { $0.append($1) }
        return encoder.bytes
    }

    /// Reads canonical bytes; nothing is believed before ``check(logID:logKey:domain:)``.
    public init(canonicalBytes: [UInt8]) throws(ReceiptRefusal) {
        do {
            var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/receipt/1")
            leaf = try LogLeaf(canonicalBytes: try decoder.readBytes(limit: Self.bytesMax))
            let head = try LogHead(canonicalBytes: try decoder.readBytes(limit: 512))
            self.head = SignedHead(head: head, signature: try decoder.readSignature())
            path = try decoder.readList(limit: Self.pathMax) { decoder throws(CanonicalError) in
                try decoder.readBytes32()
            }
            try decoder.finish()
        } catch {
            throw .form(error)
        }
        let found: Charge?
        do {
            found = try leaf.charge()
        } catch {
            throw .form(error)
        }
        guard let found else { throw .notACharge }
        charge = found
    }

    /// Checks everything that a stranger with the log's public key can check. Cheap checks come first.
    public func check(logID: Bytes32, logKey: Address, domain: EIP712Domain) throws(ReceiptRefusal) {
        try checkPath(logID: logID)
        guard head.isBy(logKey, in: domain) else { throw .headSignature }
    }

    /// As ``check(logID:logKey:domain:)``, for a log whose keys may have been rotated: the head is checked with the key of
    /// its size.
    public func check(_ keys: KeyHistory) throws(ReceiptRefusal) {
        try checkPath(logID: keys.logID)
        guard keys.hasSigned(head) else { throw .headSignature }
    }

    /// As ``check(logID:logKey:domain:)``, for a head whose signature was checked before.
    public func checkPath(logID: Bytes32) throws(ReceiptRefusal) {
        guard head.head.logID == logID else { throw .otherLog }
        let root = MerkleLog.root(ofLeaf: leaf.hash, index: leaf.index, size: head.head.size, path: path)
        guard root == head.head.root else { throw .path }
    }
}
