import Channels
import Ledger
import Primitives
import Rewards
import Storage

/// Decides base and congestion of an epoch's charges at its delivery cut, all in one batch: captured, base into the open
/// epoch's pool and congestion for the protocol, or, where the message was not delivered, was refused, or had been paid
/// before, returned with everything unspent.
struct DeliverySettlement {
    private let epoch: UInt64
    /// Which nodes of the epoch's snapshot had to hold a message.
    private let shards: ShardMap
    private let nodes: [StoredNode]
    private let start: UInt64
    /// The nodes' lists, by epoch; only those of nodes that were registered when it began.
    private var reports: [UInt64: [Delivered]] = [:]
    private var settlement: RefundSettlement
    private var voided: [(charge: UInt64, logIndex: UInt64)] = []
    private var voidedNumbers: Set<UInt64> = []
    /// Congestion of charges that went back, which stays.
    private var keptCongestion = Amount.zero
    private var faults: [Fault] = []

    /// A message that a node vouched for and does not list, and that was not delivered.
    private struct Fault {
        let node: StoredNode
        let charge: StoredHistory
        let standing: ChargeStanding
        let evidence: [UInt8]
    }

    private let shown: [RefundStore.Shown]
    private let histories: [UInt64: StoredHistory]

    init(epoch: UInt64, session: LogSession) async throws {
        self.epoch = epoch
        let transaction = session.transaction
        start = session.state.genesis.epochs.beginning(of: epoch)
        shown = try await RefundStore(transaction).shown(in: epoch)
        histories = Dictionary(
            try await HistoryStore(transaction).histories(of: shown.map(\.charge)).map { ($0.history.number, $0) }
        ) { first, _ in first }
        nodes = try await NodeStore(transaction).all()
        shards = ShardMap(session.state.genesis, members: nodes, of: epoch)
        settlement = RefundSettlement(
            EntryDraft(.cut, reference: "cut:\(epoch)"),
            channels: try await ChannelStore(transaction).channels(Array(Set(histories.values.map(\.channelID)))))
        reports[epoch] = try await Self.lists(of: epoch, nodes, session)
    }

    /// Logs and posts the decisions; tells which channels got something back.
    func settle(_ session: inout LogSession) async throws -> [Bytes32] {
        var settlement = self
        try await settlement.run(&session)
        return settlement.settlement.changed
    }

    private mutating func run(_ session: inout LogSession) async throws {
        for evidence in shown {
            guard let charge = histories[evidence.charge], !charge.isVoid else { continue }
            try await decide(charge, evidence, &session)
        }
        try await settleFaults(&session)
        try await HoldStore(session.transaction).void(voided)
        try await settlement.write(&session)

        var rest = try await ChargeStore(session.transaction).undecided(in: epoch)
        rest.congestion = try rest.congestion.adding(keptCongestion)
        try settlement.entry.move(rest.base, from: .held(.base), to: .pool(session.state.openEpoch))
        try settlement.entry.move(rest.congestion, from: .held(.base), to: .protocolIncome)
        let cut = Cut(
            epoch: epoch, base: rest.base, congestion: rest.congestion, charges: rest.count,
            voided: UInt64(voided.count))
        let leaf = session.append(LeafDraft(.cut, cut.canonicalBytes))
        try session.post(settlement.entry)
        try await session.writeLeaves()
        let epochs = EpochStore(session.transaction)
        try await epochs.cut(epoch, index: leaf.index)
        try await epochs.add(
            to: session.state.openEpoch, captured: CapturedParts(base: rest.base, congestion: rest.congestion))
    }

    private mutating func decide(
        _ charge: StoredHistory, _ evidence: RefundStore.Shown, _ session: inout LogSession
    ) async throws {
        let number = charge.history.number
        let first = try await standing(ofFirst: evidence.first, session)
        let holders = shards.holders(of: shards.sharding.shard(ofEnvelope: charge.envelopeHash))
        let claim = DeliveryCut.claim(
            charge: number, holders: holders.count,
            reports: (reports[epoch] ?? []).filter { holders.contains($0.node) },
            shown: ShownEvidence(
                isAcknowledged: evidence.acknowledgement != nil, isRefused: evidence.refusal != nil, first: first))
        guard let claim else { return }
        let before = try charge.history.standing(after: session.state.lastMidnight)
        var after = before
        let decision = try after.settle(claim)
        keptCongestion = try keptCongestion.adding(
            try before.congestion.held.subtracting(decision.held.congestion))
        let bytes: [UInt8]
        let draft: LeafDraft
        switch claim {
        case .chargedTwice:
            bytes = DoubleCharge(charge: number, first: evidence.first ?? 0).canonicalBytes
            draft = LeafDraft(
                .refund,
                RefundedCharge(charge: number, decision: decision, evidence: SHA256.hash(bytes)).canonicalBytes)
        default:
            bytes = (claim == .undelivered ? evidence.acknowledgement : evidence.refusal) ?? []
            draft = LeafDraft(
                .void,
                VoidedCharge(
                    charge: number, ground: claim.ground, base: try decision.held.base.adding(decision.held.congestion),
                    storage: decision.held.storage, postage: decision.held.postage, evidence: SHA256.hash(bytes)
                ).canonicalBytes)
        }
        let leaf = session.append(draft)
        voided.append((number, leaf.index))
        voidedNumbers.insert(number)
        try settlement.add(
            decision, of: charge, before: before, evidence: bytes, index: leaf.index, session: session)
        if claim == .undelivered { noteFault(charge, after, acknowledgement: bytes) }
    }

    /// What became of the charge that paid for the envelope before.
    private mutating func standing(
        ofFirst number: UInt64?, _ session: LogSession
    ) async throws -> ShownEvidence.First? {
        guard let number, let first = try await HistoryStore(session.transaction).history(of: number) else {
            return nil
        }
        if first.isVoid || voidedNumbers.contains(number) { return .void }
        if reports[first.epoch] == nil {
            reports[first.epoch] = try await Self.lists(of: first.epoch, nodes, session)
        }
        return .standing(isListed: (reports[first.epoch] ?? []).contains { $0.charges.contains(number) })
    }

    private static func lists(
        of epoch: UInt64, _ nodes: [StoredNode], _ session: LogSession
    ) async throws -> [Delivered] {
        let start = session.state.genesis.epochs.beginning(of: epoch)
        let members = Set(nodes.filter { $0.registeredAt <= start }.map(\.node.number))
        return try await EpochStore(session.transaction).deliveries(of: epoch).filter { members.contains($0.node) }
    }

    // MARK: Nodes at fault

    private mutating func noteFault(_ charge: StoredHistory, _ standing: ChargeStanding, acknowledgement: [UInt8]) {
        guard let read = try? Acknowledgement(canonicalBytes: acknowledgement),
            let node = nodes.first(where: { $0.node.number == read.node && $0.registeredAt <= start }),
            NodeFault.holds(node: read.node, charge: charge.history.number, reports: reports[epoch] ?? [])
        else { return }
        faults.append(Fault(node: node, charge: charge, standing: standing, evidence: acknowledgement))
    }

    /// What was spent of such a message comes out of the node's stake, all losses of a node within the cap.
    private mutating func settleFaults(_ session: inout LogSession) async throws {
        let byNode = Dictionary(grouping: faults) { $0.node.node.number }
        for (_, faults) in byNode.sorted(by: { $0.key < $1.key }) {
            guard let node = faults.first?.node else { continue }
            let cap = try NodeFault.cap(stake: try node.participant(at: start).stake)
            let account = LedgerAccount.stake(node.node.registration.operatorAddress)
            let funds = min(cap, try await NodeStore(session.transaction).balance(of: account))
            var decisions: [RefundDecision] = []
            for fault in faults {
                var standing = fault.standing
                decisions.append(try standing.settle(.nodeAtFault))
            }
            for (fault, decision) in zip(faults, try NodeFault.within(funds, decisions)) {
                guard try decision.total() > .zero else { continue }
                let leaf = session.append(
                    LeafDraft(
                        .refund,
                        RefundedCharge(
                            charge: fault.charge.history.number, decision: decision, node: node.node.number,
                            evidence: SHA256.hash(fault.evidence)
                        ).canonicalBytes))
                try settlement.add(
                    decision, of: fault.charge, before: fault.standing, evidence: fault.evidence, node: node.node,
                    index: leaf.index, session: session)
            }
        }
    }
}
