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
    /// What proofs of equivocation took of both; zero in version 1.
    public let taken: Amount
    /// earned + shared − taken.
    public let reward: Amount
    /// All its rewards up to and including this epoch: the amount in its leaf.
    public let cumulative: Amount

    /// Makes a row.
    public init(
        node: UInt32, payout: Address, contribution: Contribution, earned: Amount, shared: Amount,
        taken: Amount = .zero, reward: Amount, cumulative: Amount
    ) {
        self.node = node
        self.payout = payout
        self.contribution = contribution
        self.earned = earned
        self.shared = shared
        self.taken = taken
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
    /// The applications' share; zero in version 1.
    public let apps: Amount
    /// The protocol's share; zero in version 1.
    public let protocolIncome: Amount
    /// What the nodes got.
    public let rewards: Amount
    /// What is carried into the next pool: remainders, and what proofs of equivocation took.
    public let dust: Amount
    /// Metrics that had no quorum.
    public let dropped: DroppedMetrics
    /// The reward tree's root; zero where there is no row.
    public let root: Bytes32
    /// The nodes' lines, ascending by node.
    public let rows: [RewardRow]

    init(_ inputs: RewardInputs, split: RewardSplit) throws(AmountError) {
        ruleset = inputs.ruleset.version
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
        apps = split.apps
        protocolIncome = split.protocolIncome
        dropped = split.dropped
        var rows: [RewardRow] = []
        for (participant, steps) in zip(inputs.snapshot, split.steps) {
            let reward = try steps.reward
            rows.append(
                RewardRow(
                    node: participant.node, payout: participant.payout,
                    contribution: split.contributions[participant.node]
                        ?? Contribution(held: 0, available: 0, attested: 0), earned: steps.earned,
                    shared: steps.shared, taken: steps.taken, reward: reward,
                    cumulative: try (inputs.cumulativeBefore[participant.node] ?? .zero).adding(reward)))
        }
        rewards = try Amount.sum(rows.map(\.reward))
        dust = try pool.subtracting(apps).subtracting(protocolIncome).subtracting(rewards)
        root = RewardTree(rows)?.root ?? .zero
        self.rows = rows
    }

    /// `tagged "feesvc/result/1"`, from ruleset 2 on `"feesvc/result/2"`, see docs/protocol.md §8.
    public var canonicalBytes: [UInt8] {
        let isFirst = ruleset == 1
        var encoder = CanonicalEncoder(tag: isFirst ? Self.firstTag : Self.secondTag)
        encoder.append(ruleset)
        encoder.append(epoch)
        encoder.append(firstIndex)
        encoder.append(endIndex)
        encoder.append(inputs)
        for amount in [base, storage, postage, dustIn, grants, refunds, pool] { encoder.append(amount) }
        if !isFirst {
            encoder.append(apps)
            encoder.append(protocolIncome)
        }
        encoder.append(rewards)
        encoder.append(dust)
        encoder.append(dropped.rawValue)
        encoder.append(root)
        encoder.append(list: rows) { encoder, row in
            encoder.append(row.node)
            encoder.append(row.payout)
            encoder.append(row.contribution.held)
            encoder.append(row.contribution.available)
            encoder.append(row.contribution.attested)
            encoder.append(row.earned)
            encoder.append(row.shared)
            if !isFirst { encoder.append(row.taken) }
            encoder.append(row.reward)
            encoder.append(row.cumulative)
        }
        return encoder.bytes
    }

    private static let firstTag = "feesvc/result/1"
    private static let secondTag = "feesvc/result/2"

    /// Reads canonical bytes and refuses metrics above one whole, and a form that is not the ruleset's.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        // The tag is told by its length and last byte alone; the decoder compares all of it.
        let isFirst = canonicalBytes.dropFirst(3 + Self.firstTag.utf8.count).first != UInt8(ascii: "2")
        var decoder = try CanonicalDecoder(canonicalBytes, tag: isFirst ? Self.firstTag : Self.secondTag)
        ruleset = try decoder.readUInt32()
        guard (ruleset == 1) == isFirst else { throw .outOfRange(field: "ruleset") }
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
        apps = isFirst ? .zero : try decoder.readAmount()
        protocolIncome = isFirst ? .zero : try decoder.readAmount()
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
                earned: try decoder.readAmount(), shared: try decoder.readAmount(),
                taken: isFirst ? .zero : try decoder.readAmount(), reward: try decoder.readAmount(),
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
