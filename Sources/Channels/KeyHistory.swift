public import Primitives

/// Why an act does not replace a key.
public enum KeyRefusal: Error, Hashable, Sendable {
    /// The admin key in force at its place in the log did not sign it.
    case signature
    /// It does not come after the rotations that are known.
    case order(found: UInt64, last: UInt64)
    /// The key has, or had, a role: a key that may have leaked never comes back.
    case used(Address)
    /// The new key's holder did not sign.
    case proof
    /// A leaf is not an act of this log, or its path does not lead to the head.
    case leaf(index: UInt64)
    /// The head is not signed by the log key that these rotations leave in force.
    case head

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .signature: "act/signature"
        case .order: "rotate/order"
        case .used: "rotate/used"
        case .proof: "rotate/proof"
        case .leaf: "rotate/leaf"
        case .head: "rotate/head"
        }
    }

    /// One sentence: what is wrong, and what would be right.
    public var detail: String {
        switch self {
        case .signature: "The admin key in force did not sign this act."
        case .order(let found, let last): "Leaf \(found) is not after leaf \(last), which rotated a key."
        case .used(let key): "The key \(key) has or had a role; make a new one."
        case .proof: "The new key did not sign the rotation with this act's nonce."
        case .leaf(let index): "Leaf \(index) is no such act that the head covers."
        case .head: "The log key that these rotations leave in force did not sign the head."
        }
    }
}

/// Which key has which role at which size of a log: what the genesis says, and what rotations have changed since.
///
/// An act at leaf i that replaces a key counts for all that comes after leaf i: for heads of more than i leaves, and for
/// statements whose leaf has an index above i. So what a key signed before stays verifiable for good, and what an old
/// key signs for a later place is worth nothing.
public struct KeyHistory: Hashable, Sendable {
    /// A key that took a role over.
    public struct Change: Hashable, Sendable {
        /// The index of the act's leaf.
        public let index: UInt64
        /// The role.
        public let role: KeyRole
        /// The new key.
        public let key: Address
    }

    /// Which log.
    public let logID: Bytes32
    /// The domain of its signatures.
    public let domain: EIP712Domain
    private let first: [KeyRole: Address]
    /// The rotations, ascending.
    public private(set) var changes: [Change] = []
    /// What the log gave up, ascending: heads of lost histories are judged by the key of the leaf from which the log went on.
    public private(set) var rollbacks: [LoggedRollback] = []

    /// Knows the genesis.
    public init(_ genesis: Genesis) {
        logID = genesis.logID
        domain = genesis.domain
        first = [.log: genesis.logKey, .settlement: genesis.settlementKey, .admin: genesis.adminKey]
    }

    /// Knows the log key alone, and follows no rotation.
    public init(logID: Bytes32, logKey: Address, domain: EIP712Domain) {
        self.logID = logID
        self.domain = domain
        first = [.log: logKey]
    }

    /// Knows the genesis and the rotations that a client was shown, each with the path from its leaf to `head`.
    public init(
        _ genesis: Genesis, rotations: [(leaf: LogLeaf, path: [Bytes32])], head: SignedHead
    ) throws(KeyRefusal) {
        self.init(genesis)
        guard head.head.logID == logID else { throw .head }
        for shown in rotations {
            let logged = try Self.act(shown, head: head)
            guard case .rotate = logged.act.order else { throw .leaf(index: logged.index) }
            try follow(logged)
        }
        guard hasSigned(head) else { throw .head }
    }

    /// The act of a leaf that was shown with its path to a head.
    private static func act(
        _ shown: (leaf: LogLeaf, path: [Bytes32]), head: SignedHead
    ) throws(KeyRefusal) -> LoggedAct {
        let (leaf, path) = shown
        let root = MerkleLog.root(ofLeaf: leaf.hash, index: leaf.index, size: head.head.size, path: path)
        guard leaf.kind == .act, root == head.head.root,
            let logged = try? LoggedAct(index: leaf.index, body: leaf.body)
        else { throw .leaf(index: leaf.index) }
        return logged
    }

    /// The rollbacks that a client was shown, each with the path from its leaf to `head`: the admin key in force ordered
    /// each, over a head of the log key that covers more than the log had.
    public func rollbacks(
        _ shown: [(leaf: LogLeaf, path: [Bytes32])], head: SignedHead
    ) throws(KeyRefusal) -> [LoggedRollback] {
        guard hasSigned(head) else { throw .head }
        var found: [LoggedRollback] = []
        for shown in shown {
            let logged = try Self.act(shown, head: head)
            try check(logged)
            guard case .rollback(let rollback) = logged.act.order, isGood(rollback, at: logged.index) else {
                throw .leaf(index: logged.index)
            }
            if let last = found.last, logged.index <= last.index {
                throw .order(found: logged.index, last: last.index)
            }
            found.append(LoggedRollback(index: logged.index, rollback: rollback))
        }
        guard found.withdrawing(head.head) == nil else { throw .head }
        return found
    }

    /// Whether an act at `index` may roll back to it: over a head of this log, of more than the log had, by the key in force.
    public func isGood(_ rollback: Rollback, at index: UInt64) -> Bool {
        rollback.isPlaced(at: index) && rollback.lost.head.logID == logID
            && rollback.lost.isBy(key(of: .log, at: index), in: domain)
    }

    /// The key that has a role after the log's first `size` leaves.
    public func key(of role: KeyRole, at size: UInt64) -> Address {
        changes.last { $0.role == role && $0.index < size }?.key ?? first[role] ?? .zero
    }

    /// Whether the log key in force signs what is of a size: what an older key signed stays a proof of what was, and says nothing of
    /// what is now.
    public func isInForce(at size: UInt64) -> Bool { changes.last { $0.role == .log }.map { $0.index < size } ?? true }

    /// Tells whether the log key of a head's size signed it; for a head of a lost history, the key that was in force where the
    /// log went on without it. `others` are rollbacks that this history does not know.
    public func hasSigned(_ head: SignedHead, knowing others: [LoggedRollback] = []) -> Bool {
        let rollback = rollbacks.withdrawing(head.head) ?? others.withdrawing(head.head)
        return head.isBy(key(of: .log, at: rollback?.index ?? head.head.size), in: domain)
    }

    /// The same history, with rollbacks that were checked.
    public func with(_ rollbacks: [LoggedRollback]) -> KeyHistory {
        var keys = self
        keys.rollbacks = rollbacks
        return keys
    }

    /// Whether this history goes on from another: it knows all that the other does.
    public func continues(_ other: KeyHistory) -> Bool {
        changes.starts(with: other.changes) && rollbacks.starts(with: other.rollbacks)
    }

    /// Checks that the admin key in force at its place signed an act.
    public func check(_ logged: LoggedAct) throws(KeyRefusal) {
        let admin = key(of: .admin, at: logged.index)
        guard logged.signature.isBy(admin, over: domain.digest(of: logged.act.statement)) else { throw .signature }
    }

    /// Takes in an act: a rotation changes its key, other orders change none. Nothing changes where it throws.
    public mutating func follow(_ logged: LoggedAct) throws(KeyRefusal) {
        try check(logged)
        guard case .rotate(let rotation) = logged.act.order else { return }
        if let last = changes.last, logged.index <= last.index {
            throw .order(found: logged.index, last: last.index)
        }
        guard !first.values.contains(rotation.key), !changes.contains(where: { $0.key == rotation.key }) else {
            throw .used(rotation.key)
        }
        let digest = domain.digest(of: rotation.statement(nonce: logged.act.nonce))
        guard rotation.proof.isBy(rotation.key, over: digest) else { throw .proof }
        changes.append(Change(index: logged.index, role: rotation.role, key: rotation.key))
    }
}

extension KeyHistory {
    /// The history after the rotations and rollbacks among some acts, whose rollbacks were checked before.
    public func following(_ acts: some Sequence<LoggedAct>) throws(KeyRefusal) -> KeyHistory {
        var keys = self
        for logged in acts {
            if case .rotate = logged.act.order { try keys.follow(logged) }
        }
        return keys.with(acts.rollbacks)
    }
}
