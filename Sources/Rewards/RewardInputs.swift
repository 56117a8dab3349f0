public import Primitives

/// How many results an operator had to sign in an epoch, and how many it signed.
public struct AttestationRecord: Hashable, Sendable {
    /// The operator's node.
    public let node: UInt32
    /// Results whose leaf lies in the epoch's log range.
    public let due: UInt32
    /// Those of them that the operator signed within the same range.
    public let given: UInt32

    /// Makes a record.
    public init(node: UInt32, due: UInt32, given: UInt32) {
        precondition(given <= due, "no more results are signed than were due")
        self.node = node
        self.due = due
        self.given = given
    }
}

/// Everything that an epoch's result is computed from, frozen at its edge.
public struct RewardInputs: Hashable, Sendable {
    /// The rules in force at the epoch's first log index.
    public var ruleset: Ruleset
    /// The epoch.
    public var epoch: UInt64
    /// The epoch's first log index.
    public var firstIndex: UInt64
    /// The index after its edge leaf.
    public var endIndex: UInt64
    /// The log's root at that size.
    public var logRoot: Bytes32
    /// The nodes, ascending.
    public var snapshot: [Participant]
    /// The observations that were accepted, ascending by observer.
    public var observations: [Observation]
    /// Attestations due and given, ascending by node.
    public var attestations: [AttestationRecord]
    /// What each node's leaf held before, ascending by node.
    public var cumulativeBefore: [UInt32: Amount]
    /// Base fees captured into the pool.
    public var base: Amount
    /// Storage fees captured into the pool.
    public var storage: Amount
    /// Postage captured into the pool.
    public var postage: Amount
    /// The remainder of the epoch before.
    public var dustIn: Amount
    /// Money given to the pool.
    public var grants: Amount
    /// Refunds paid from the pool.
    public var refunds: Amount
    /// By node of the snapshot, how many operators' equivocations were proved in the epoch's log range.
    public var penalties: [UInt32: UInt32]

    /// Makes inputs; lists are put in their order.
    public init(
        ruleset: Ruleset, epoch: UInt64, firstIndex: UInt64, endIndex: UInt64, logRoot: Bytes32,
        snapshot: [Participant], observations: [Observation], attestations: [AttestationRecord],
        cumulativeBefore: [UInt32: Amount], base: Amount, storage: Amount, postage: Amount, dustIn: Amount,
        grants: Amount, refunds: Amount, penalties: [UInt32: UInt32] = [:]
    ) {
        self.ruleset = ruleset
        self.epoch = epoch
        self.firstIndex = firstIndex
        self.endIndex = endIndex
        self.logRoot = logRoot
        self.snapshot = snapshot.sorted { $0.node < $1.node }
        self.observations = observations.sorted { $0.observer < $1.observer }
        self.attestations = attestations.sorted { $0.node < $1.node }
        self.cumulativeBefore = cumulativeBefore
        self.base = base
        self.storage = storage
        self.postage = postage
        self.dustIn = dustIn
        self.grants = grants
        self.refunds = refunds
        self.penalties = penalties
    }

    /// `tagged "feesvc/inputs/1"`, from ruleset 2 on `"feesvc/inputs/2"`, see docs/protocol.md §8.
    public var canonicalBytes: [UInt8] {
        let isFirst = ruleset.version == 1
        var encoder = CanonicalEncoder(tag: isFirst ? "feesvc/inputs/1" : "feesvc/inputs/2")
        encoder.append(logRoot)
        if !isFirst { encoder.append(ruleset.hash) }
        encoder.append(list: snapshot) { encoder, participant in
            encoder.append(participant.node)
            encoder.append(participant.operatorAddress)
            encoder.append(participant.payout)
            encoder.append(participant.stake)
        }
        encoder.append(list: observations) { $0.append($1.canonicalBytes) }
        encoder.append(list: attestations) { encoder, record in
            encoder.append(record.node)
            encoder.append(record.due)
            encoder.append(record.given)
        }
        encoder.append(list: cumulativeBefore.sorted { $0.key < $1.key }) { encoder, row in
            encoder.append(row.key)
            encoder.append(row.value)
        }
        if !isFirst {
            encoder.append(list: penalties.sorted { $0.key < $1.key }) { encoder, row in
                encoder.append(row.key)
                encoder.append(row.value)
            }
        }
        encoder.append(dustIn)
        return encoder.bytes
    }

    /// SHA-256 of the canonical bytes.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }
}
