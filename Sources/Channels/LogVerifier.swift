public import Primitives

/// What a head means to somebody who has accepted one before.
public enum HeadVerdict: Hashable, Sendable {
    /// It is newer, and the log continues the accepted one; it is the accepted head now.
    case accepted
    /// It is the accepted head, or an earlier one of the same history.
    case older
    /// It is newer, and the accepted head is one of those that the log says it lost; it is the accepted head now.
    case rolledBack(from: SignedHead, LoggedRollback)
    /// It contradicts the accepted head, which stays: both together prove that the log misbehaved.
    case contradiction(HeadEvidence)
}

/// Why a head says nothing about the log.
public enum HeadRefusal: Error, Hashable, Sendable {
    /// It is of another log.
    case otherLog(found: Bytes32)
    /// It has no leaves; the leaf that a log's id stands for is its first.
    case empty
    /// The log key did not sign it.
    case signature
    /// The log says that it lost it.
    case withdrawn(LoggedRollback)
    /// The proof does not lead from the smaller to the larger of the two heads.
    ///
    /// No evidence: nobody signs proofs, so whoever passed this one on may have spoiled it, and to a stranger a bad
    /// proof does not show that there is no good one. Whoever gets no good one from anybody keeps both heads: a head
    /// that somebody else accepted may contradict one of them.
    case proof
}

/// What somebody with public keys alone knows of a log: the newest head that proved to continue the one before.
///
/// The first head is taken on its signature. From there on the log of each accepted head begins with all leaves of the
/// one accepted before it: no leaf below an accepted head can be changed, moved or left out below a later one. To keep
/// a verifier, store ``newest`` and give it to a new one as its first head.
public struct LogVerifier: Hashable, Sendable {
    /// Whose key signs heads of which size. Who learns of a rotation sets it: the heads that were accepted stay accepted.
    public var keys: KeyHistory
    /// What the log admits to have lost, as ``KeyHistory/rollbacks(_:head:)`` checked it. Who learns of a rollback adds it.
    public var rollbacks: [LoggedRollback] = []
    /// The newest head that was accepted.
    public private(set) var newest: SignedHead?

    /// Knows no head yet.
    public init(_ keys: KeyHistory) {
        self.keys = keys
    }

    /// Knows no head yet, and a log key that is never rotated.
    public init(logID: Bytes32, logKey: Address, domain: EIP712Domain) {
        self.init(KeyHistory(logID: logID, logKey: logKey, domain: domain))
    }

    /// Judges a head by the accepted one.
    ///
    /// `proof` is the consistency proof from the smaller to the larger size of the two heads; empty where the sizes are
    /// equal or none has been accepted. A contradiction needs no proof, so a bad one does not hide it.
    public mutating func judge(_ given: SignedHead, proof: [Bytes32]) throws(HeadRefusal) -> HeadVerdict {
        guard given.head.logID == keys.logID else { throw .otherLog(found: given.head.logID) }
        guard given.head.size > 0 else { throw .empty }
        guard given == newest || keys.hasSigned(given, knowing: rollbacks) else { throw .signature }
        if let rollback = rollbacks.withdrawing(given.head), given != newest { throw .withdrawn(rollback) }
        guard let newest else {
            guard proof.isEmpty else { throw .proof }
            self.newest = given
            return .accepted
        }
        if let rollback = rollbacks.withdrawing(newest.head), given.head.size > rollback.index {
            self.newest = given
            return .rolledBack(from: newest, rollback)
        }
        if let evidence = HeadEvidence(newest, given) { return .contradiction(evidence) }
        let isNewer = (given.head.size, given.head.time) > (newest.head.size, newest.head.time)
        let (old, new) = isNewer ? (newest.head, given.head) : (given.head, newest.head)
        guard
            MerkleLog.isConsistent(
                oldSize: old.size, oldRoot: old.root, newSize: new.size, newRoot: new.root, proof: proof)
        else { throw .proof }
        guard isNewer else { return .older }
        self.newest = given
        return .accepted
    }
}
