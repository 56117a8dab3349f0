public import Primitives

/// What two heads of one log say that no honest log says.
///
/// A log appends, its time never goes back, and each epoch but the open one has an edge among the leaves. Of any two
/// heads that an honest log signed, the one with more leaves therefore has another root, no smaller time, and an epoch
/// that is higher by at most the leaves between them; two of the same size have the same root and the same epoch.
public enum HeadContradiction: Hashable, Sendable {
    /// One size, two roots: two histories.
    case roots
    /// One root, two sizes: SHA-256 gives trees of different sizes different roots, so one of the two is a lie.
    case sizes
    /// More leaves at an earlier time.
    case time
    /// Epochs that the leaves between the heads can't have ended: fewer with more leaves, or more than leaves added.
    case epoch
}

extension LogHead {
    /// What this head and another, in either order, contradict each other in; `nil` where one log can have said both.
    ///
    /// Heads of different logs never contradict each other. Where there are several contradictions, the first in the
    /// order of the cases is told.
    public func contradiction(with other: LogHead) -> HeadContradiction? {
        guard logID == other.logID else { return nil }
        let (earlier, later) = size <= other.size ? (self, other) : (other, self)
        let leaves = later.size - earlier.size
        if leaves == 0, earlier.root != later.root { return .roots }
        if leaves > 0, earlier.root == later.root { return .sizes }
        if leaves > 0, later.time < earlier.time { return .time }
        guard later.epoch >= earlier.epoch, later.epoch - earlier.epoch <= leaves else { return .epoch }
        return nil
    }
}

/// Why something is no evidence against a log.
public enum HeadEvidenceRefusal: Error, Hashable, Sendable {
    /// The bytes are not evidence of heads.
    case form(CanonicalError)
    /// One honest log can have signed both heads, or they are of different logs.
    case noContradiction
    /// The heads are of another log.
    case otherLog(found: Bytes32)
    /// The log key did not sign both heads.
    case signature
    /// The log itself says that one of the heads is of a history that it lost.
    case rolledBack(LoggedRollback)
}

/// The proof that a log key signed two heads that contradict each other.
///
/// A value of this type holds a contradiction; whether the log key signed both heads shows in
/// ``check(logID:logKey:domain:)``, for which neither leaves nor a consistency proof are needed.
public struct HeadEvidence: Hashable, Sendable {
    /// The head whose canonical bytes come first, which is never the larger one.
    public let first: SignedHead
    /// The other head.
    public let second: SignedHead
    /// What they contradict each other in.
    public let contradiction: HeadContradiction

    /// Pairs two heads, in either order; `nil` where they do not contradict each other.
    public init?(_ one: SignedHead, _ other: SignedHead) {
        guard let contradiction = one.head.contradiction(with: other.head) else { return nil }
        (first, second) = Self.ascend(one.head, other.head) ? (one, other) : (other, one)
        self.contradiction = contradiction
    }

    /// `tagged "feesvc/head-evidence/1": bytes head, sig, bytes head, sig`, the heads ascending.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/head-evidence/1")
        for signed in [first, second] {
            encoder.append(signed.head.canonicalBytes)
            encoder.append(signed.signature)
        }
        return encoder.bytes
    }

    /// Reads canonical bytes; no signature is believed before ``check(logID:logKey:domain:)``.
    public init(canonicalBytes: [UInt8]) throws(HeadEvidenceRefusal) {
        do {
            var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/head-evidence/1")
            first = try Self.readHead(&decoder)
            second = try Self.readHead(&decoder)
            try decoder.finish()
        } catch {
            throw .form(error)
        }
        guard let contradiction = first.head.contradiction(with: second.head) else { throw .noContradiction }
        // One pair of signed heads has one byte form.
        guard Self.ascend(first.head, second.head) else { throw .form(.outOfRange(field: "order of heads")) }
        self.contradiction = contradiction
    }

    /// Checks that the key of this log signed both heads in `domain`.
    public func check(logID: Bytes32, logKey: Address, domain: EIP712Domain) throws(HeadEvidenceRefusal) {
        guard first.head.logID == logID else { throw .otherLog(found: first.head.logID) }
        guard first.isBy(logKey, in: domain), second.isBy(logKey, in: domain) else { throw .signature }
    }

    /// Checks that the keys of this log, each for its head's size, signed both heads, and that none of its rollbacks puts
    /// them into two histories.
    public func check(_ keys: KeyHistory, rollbacks: [LoggedRollback] = []) throws(HeadEvidenceRefusal) {
        guard first.head.logID == keys.logID else { throw .otherLog(found: first.head.logID) }
        guard keys.hasSigned(first, knowing: rollbacks), keys.hasSigned(second, knowing: rollbacks) else {
            throw .signature
        }
        let explaining = rollbacks.first {
            $0.withdraws(first.head) != $0.withdraws(second.head) && min(first.head.size, second.head.size) > $0.index
        }
        if let explaining { throw .rolledBack(explaining) }
    }

    private static func ascend(_ a: LogHead, _ b: LogHead) -> Bool {
        a.canonicalBytes.lexicographicallyPrecedes(b.canonicalBytes)
    }

    private static func readHead(_ decoder: inout CanonicalDecoder) throws(CanonicalError) -> SignedHead {
        let head = try LogHead(canonicalBytes: try decoder.readBytes(limit: 512))
        return SignedHead(head: head, signature: try decoder.readSignature())
    }
}
