public import Primitives

/// One node's line of an epoch's result.
public struct RewardRow: Hashable, Sendable {
    /// The node.
    public let node: UInt32
    /// Where its claims are paid.
    public let payout: Address
    /// What the others measured.
    public let contribution: Contribution
    /// Its part of what was captured, times its quality.
    public let earned: Amount
    /// Its part of what nobody earned, by stake × availability.
    public let shared: Amount
    /// earned + shared.
    public let reward: Amount
    /// All its rewards up to and including this epoch: the amount in its leaf.
    public let cumulative: Amount

    /// Makes a row.
    public init(
        node: UInt32, payout: Address, contribution: Contribution, earned: Amount, shared: Amount, reward: Amount,
        cumulative: Amount
    ) {
        self.node = node
        self.payout = payout
        self.contribution = contribution
        self.earned = earned
        self.shared = shared
        self.reward = reward
        self.cumulative = cumulative
    }
}

/// An epoch's result: a pure function of ruleset and inputs.
public struct EpochResult: Hashable, Sendable {
    private static let rowCountMax = 65_536

    /// The ruleset's version.
    public let ruleset: UInt32
    /// The epoch.
    public let epoch: UInt64
    /// The epoch's first log index.
    public let firstIndex: UInt64
    /// The index after its edge leaf.
    public let endIndex: UInt64
    /// ``RewardInputs/hash``.
    public let inputs: Bytes32
    /// Base fees captured.
    public let base: Amount
    /// Storage fees captured.
    public let storage: Amount
    /// Postage captured.
    public let postage: Amount
    /// The remainder of the epoch before.
    public let dustIn: Amount
    /// Money given to the pool.
    public let grants: Amount
    /// Refunds paid from the pool.
    public let refunds: Amount
    /// What there was to split.
    public let pool: Amount
    /// What the nodes got.
    public let rewards: Amount
    /// What is carried into the next pool.
    public let dust: Amount
    /// Metrics that had no quorum.
    public let dropped: DroppedMetrics
    /// The reward tree's root; zero where there is no row.
    public let root: Bytes32
    /// The nodes' lines, ascending by node.
    public let rows: [RewardRow]

    init(_ inputs: RewardInputs, split: RewardSplit) {
        ruleset = inputs.ruleset
        epoch = inputs.epoch
        firstIndex = inputs.firstIndex
        endIndex = inputs.endIndex
        self.inputs = inputs.hash
        base = inputs.base
        storage = inputs.storage
        postage = inputs.postage
        dustIn = inputs.dustIn
        grants = inputs.grants
        refunds = inputs.refunds
        pool = split.pool
        rewards = split.rewards
        dust = split.dust
        dropped = split.dropped
        root = RewardTree(split.rows)?.root ?? .zero
        rows = split.rows
    }

    /// `tagged "feesvc/result/1"`, see docs/protocol.md §8.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/result/1")
        encoder.append(ruleset)
        encoder.append(epoch)
        encoder.append(firstIndex)
        encoder.append(endIndex)
        encoder.append(inputs)
        for amount in [base, storage, postage, dustIn, grants, refunds, pool, rewards, dust] { encoder.append(amount) }
        encoder.append(dropped.rawValue)
        encoder.append(root)
        encoder.append(list: rows) { encoder, row in
            encoder.append(row.node)
            encoder.append(row.payout)
            encoder.append(row.contribution.held)
            encoder.append(row.contribution.available)
            encoder.append(row.contribution.attested)
            for amount in [row.earned, row.shared, row.reward, row.cumulative] { encoder.append(amount) }
        }
        return encoder.bytes
    }

    /// Reads canonical bytes and refuses metrics above one whole.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/result/1")
        ruleset = try decoder.readUInt32()
        epoch = try decoder.readUInt64()
        firstIndex = try decoder.readUInt64()
        endIndex = try decoder.readUInt64()
        inputs = try decoder.readBytes32()
        base = try decoder.readAmount()
        storage = try decoder.readAmount()
        postage = try decoder.readAmount()
        dustIn = try decoder.readAmount()
        grants = try decoder.readAmount()
        refunds = try decoder.readAmount()
        pool = try decoder.readAmount()
        rewards = try decoder.readAmount()
        dust = try decoder.readAmount()
        dropped = DroppedMetrics(rawValue: try decoder.readUInt8())
        root = try decoder.readBytes32()
        rows = try decoder.readList(limit: Self.rowCountMax) { decoder throws(CanonicalError) in
            RewardRow(
                node: try decoder.readUInt32(), payout: try decoder.readAddress(),
                contribution: Contribution(
                    held: try Self.readParts("held", &decoder), available: try Self.readParts("available", &decoder),
                    attested: try Self.readParts("attested", &decoder)),
                earned: try decoder.readAmount(), shared: try decoder.readAmount(), reward: try decoder.readAmount(),
                cumulative: try decoder.readAmount())
        }
        try decoder.finish()
    }

    private static func readParts(
        _ field: String, _ decoder: inout CanonicalDecoder
    ) throws(CanonicalError) -> UInt32 {
        let parts = try decoder.readUInt32()
        guard parts <= Contribution.whole else { throw .outOfRange(field: field) }
        return parts
    }

    /// SHA-256 of the canonical bytes.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }

    /// What an operator signs to agree.
    public var attestation: Attestation {
        Attestation(epoch: epoch, result: hash, root: root, rewards: rewards, inputs: inputs, ruleset: ruleset)
    }
}
