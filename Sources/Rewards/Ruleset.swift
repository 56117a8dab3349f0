public import Primitives

/// By what a captured fee is divided among the nodes that could earn it, before quality.
public enum FeeDivision: UInt8, Hashable, Sendable, CaseIterable {
    /// Each node alike.
    case alike = 0
    /// Each node alike, and none more than its part of the stake.
    case alikeCapped = 1
    /// By stake. The only division in which an operator that splits into many nodes neither gains nor dilutes the others.
    case stake = 2
}

/// How an epoch's pool is split: a version of the rules, with its parameters. Fractions are whole parts of 10^9.
public struct Ruleset: Hashable, Sendable {
    /// One whole.
    public static let whole = Contribution.whole

    /// The version of the rules: 1 or 2. Version 1 has no parameters to choose.
    public let version: UInt32
    /// The nodes' part of the pool. This, ``apps`` and ``protocolIncome`` are one whole together.
    public let nodes: UInt32
    /// The applications' part of the pool.
    public let apps: UInt32
    /// The protocol's part of the pool.
    public let protocolIncome: UInt32
    /// By what captured fees are divided.
    public let division: FeeDivision
    /// The most of all stake that one node's weight counts, 1 … one whole. Below one whole, whoever is above it gains by
    /// splitting.
    public let stakeCap: UInt32
    /// What one proof of equivocation takes of the node's reward of the epoch in which it is logged.
    public let penalty: UInt32
    /// What proofs take together at most.
    public let penaltyCap: UInt32

    /// Why parameters are no ruleset.
    public enum Refusal: Error, Hashable, Sendable {
        /// There are no rules of this version.
        case version(UInt32)
        /// A parameter is outside its range; in version 1 every one is fixed.
        case outOfRange(String)
    }

    /// Checks parameters.
    public init(
        version: UInt32, nodes: UInt32, apps: UInt32, protocolIncome: UInt32, division: FeeDivision, stakeCap: UInt32,
        penalty: UInt32, penaltyCap: UInt32
    ) throws(Refusal) {
        self.init(
            unchecked: version, nodes: nodes, apps: apps, protocolIncome: protocolIncome, division: division,
            stakeCap: stakeCap, penalty: penalty, penaltyCap: penaltyCap)
        switch version {
        case 1: guard self == .first else { throw .outOfRange("parameters of version 1") }
        case 2:
            guard UInt64(nodes) + UInt64(apps) + UInt64(protocolIncome) == UInt64(Self.whole) else {
                throw .outOfRange("nodes + apps + protocol")
            }
            guard division != .alike else { throw .outOfRange("division") }
            guard (1...Self.whole).contains(stakeCap) else { throw .outOfRange("stakeCap") }
            guard penaltyCap <= Self.whole else { throw .outOfRange("penaltyCap") }
            guard penalty <= penaltyCap else { throw .outOfRange("penalty") }
        default: throw .version(version)
        }
    }

    private init(
        unchecked version: UInt32, nodes: UInt32, apps: UInt32, protocolIncome: UInt32, division: FeeDivision,
        stakeCap: UInt32, penalty: UInt32, penaltyCap: UInt32
    ) {
        self.version = version
        self.nodes = nodes
        self.apps = apps
        self.protocolIncome = protocolIncome
        self.division = division
        self.stakeCap = stakeCap
        self.penalty = penalty
        self.penaltyCap = penaltyCap
    }

    /// Version 1: everything to the nodes, alike, without cap and penalty.
    public static let first = Ruleset(
        unchecked: 1, nodes: whole, apps: 0, protocolIncome: 0, division: .alike, stakeCap: whole, penalty: 0,
        penaltyCap: 0)

    /// Version 2 as it is without an act: everything to the nodes, by stake, and half of the epoch's reward for each proof.
    public static let second = Ruleset(
        unchecked: 2, nodes: whole, apps: 0, protocolIncome: 0, division: .stake, stakeCap: whole,
        penalty: whole / 2, penaltyCap: whole)

    /// The ruleset that a genesis names by version alone; `nil` for a version that there is not.
    public init?(genesis version: UInt32) {
        switch version {
        case 1: self = .first
        case 2: self = .second
        default: return nil
        }
    }

    /// `tagged "feesvc/ruleset/1": u32 version, u32 nodes, u32 apps, u32 protocol, u8 division, u32 stakeCap, u32 penalty,
    /// u32 penaltyCap`, see docs/protocol.md §8.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/ruleset/1")
        encoder.append(version)
        for parts in [nodes, apps, protocolIncome] { encoder.append(parts) }
        encoder.append(division.rawValue)
        for parts in [stakeCap, penalty, penaltyCap] { encoder.append(parts) }
        return encoder.bytes
    }

    /// Reads canonical bytes and refuses what is no ruleset.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/ruleset/1")
        let version = try decoder.readUInt32()
        let (nodes, apps, income) = (try decoder.readUInt32(), try decoder.readUInt32(), try decoder.readUInt32())
        guard let division = FeeDivision(rawValue: try decoder.readUInt8()) else {
            throw .outOfRange(field: "division")
        }
        let (stakeCap, penalty, cap) = (try decoder.readUInt32(), try decoder.readUInt32(), try decoder.readUInt32())
        try decoder.finish()
        do throws(Refusal) {
            self = try Ruleset(
                version: version, nodes: nodes, apps: apps, protocolIncome: income, division: division,
                stakeCap: stakeCap, penalty: penalty, penaltyCap: cap)
        } catch {
            switch error {
            case .version: throw .outOfRange(field: "version")
            case .outOfRange(let field): throw .outOfRange(field: field)
            }
        }
    }

    /// SHA-256 of the canonical bytes: what the inputs of a result of version 2 commit to.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }
}
