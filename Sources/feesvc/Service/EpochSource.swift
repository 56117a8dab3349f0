import Channels
import Primitives
import Rewards
import Storage

/// What an epoch's result is computed from, as the database has it: for its sealing, and to explain it before and after.
struct EpochSource {
    let inputs: RewardInputs
    /// Nodes that observed in the epoch and are not in its snapshot.
    let newcomers: Set<UInt32>
    /// Why what some observers said was not taken.
    let refused: [UInt32: MissingView]
    /// Each node's claims so far.
    let nodes: [StoredNode]

    /// Reads the inputs of an epoch: those of its sealing, or as if it ended now where it has not been sealed.
    init(_ epoch: StoredEpoch, _ transaction: Transaction, _ state: LogState) async throws {
        let clock = state.genesis.epochs
        nodes = try await NodeStore(transaction).all()
        let start = clock.beginning(of: epoch.number)
        let snapshot = try nodes.filter { $0.isMember(of: epoch.number, clock) }.map { try $0.participant(at: start) }
        let byNumber = Dictionary(nodes.map { ($0.node.number, $0) }) { first, _ in first }
        let members = Set(snapshot.map(\.node))
        let store = EpochStore(transaction)
        let end = epoch.endIndex ?? state.tree.size
        let observations = try await store.observations(of: epoch.number)
        refused = try await RefusedObservationStore(transaction).all(of: epoch.number)
            .mapValues { $0 ? .late : .malformed }
        newcomers = Set(observations.map(\.observer)).subtracting(members)
        var penalties: [UInt32: UInt32] = [:]
        for proof in try await EquivocationStore(transaction).all(in: epoch.firstIndex..<end)
        where members.contains(proof.node) {
            penalties[proof.node, default: 0] += 1
        }
        let corrections = CorrectionStore(transaction)
        let corrected = try await corrections.made(in: epoch.firstIndex..<end).poolFlows()
        let credited = try await corrections.credited(in: end..<UInt64(Int64.max))
        inputs = RewardInputs(
            ruleset: try await Self.ruleset(before: epoch.firstIndex, transaction, state.genesis),
            epoch: epoch.number, firstIndex: epoch.firstIndex, endIndex: end,
            logRoot: epoch.edgeHead?.head.root ?? state.tree.root, snapshot: snapshot,
            observations: observations.filter { members.contains($0.observer) },
            attestations: try await store.attestationRecords(in: epoch.firstIndex..<end, for: snapshot) {
                byNumber[$0.node]?.isMember(of: $1, clock) ?? false
            },
            cumulativeBefore: try Self.before(
                epoch, nodes.filter { members.contains($0.node.number) }, credited: credited),
            base: epoch.captured.base, storage: epoch.captured.storage, postage: epoch.captured.postage,
            dustIn: epoch.dustIn, grants: try epoch.granted.adding(corrected.into),
            refunds: try epoch.repaid.adding(corrected.outOf), penalties: penalties)
    }

    /// What each leaf held before: for a sealed epoch what its result says, since the nodes have earned more by now.
    ///
    /// - Parameter credited: what corrections after the epoch gave to them.
    private static func before(
        _ epoch: StoredEpoch, _ members: [StoredNode], credited: [UInt32: Amount]
    ) throws -> [UInt32: Amount] {
        var before: [UInt32: Amount] = [:]
        for member in members {
            let number = member.node.number
            before[number] = try member.cumulative.subtracting(credited[number] ?? .zero)
        }
        for row in epoch.result?.rows ?? [] { before[row.node] = try row.cumulative.subtracting(row.reward) }
        return before
    }

    /// The ruleset in force at a log index.
    static func ruleset(before index: UInt64, _ transaction: Transaction, _ genesis: Genesis) async throws -> Ruleset {
        if let bytes = try await LogStore(transaction).acts(before: index).ruleset {
            return try Ruleset(canonicalBytes: bytes)
        }
        guard let ruleset = Ruleset(genesis: genesis.ruleset) else {
            throw StorageCorruption("the log's genesis names ruleset \(genesis.ruleset), which there is not")
        }
        return ruleset
    }
}
