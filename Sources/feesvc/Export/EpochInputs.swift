import Channels
import Payer
import Primitives
import Rewards
import Storage

/// The files from which anybody recomputes an epoch. They name no channel.
enum InputFile: String, CaseIterable, Sendable {
    /// The state before the epoch.
    case opening = "opening.json"
    /// The charges of which something is held before the epoch.
    case held = "held.csv"
    /// The epoch's leaves.
    case log = "log.csv"
    /// The leaves after its edge that speak of it: observations and result.
    case seal = "seal.csv"
    /// The signed head at its edge.
    case head = "head.csv"

    var mediaType: String { self == .opening ? "application/json" : "text/csv" }
}

/// Reads an epoch's input files from the database.
struct EpochInputs {
    /// Leaves that are read at a time.
    private static let partLeaves: UInt64 = 8_192
    /// Rows that are handed on at a time.
    private static let partRows = 1_024

    let transaction: Transaction
    let epoch: StoredEpoch
    let endIndex: UInt64
    let genesis: Genesis

    init(_ transaction: Transaction, epoch number: UInt64) async throws {
        guard let epoch = try await EpochStore(transaction).epoch(number), let end = epoch.endIndex else {
            throw Refusal(409, "epoch/open", "Epoch \(number) has not ended; only what has ended can be exported.")
        }
        guard let state = try await LogStore(transaction).state() else {
            throw StorageCorruption("this database holds no instance")
        }
        self.transaction = transaction
        self.epoch = epoch
        endIndex = end
        genesis = state.genesis
    }

    /// A whole file.
    func bytes(of file: InputFile) async throws -> [UInt8] {
        var out: [UInt8] = []
        switch file {
        case .opening: return try await opening().json()
        case .held: try await forEachPart { out += $0 }
        case .log:
            out = LeafRow.form.csvStart
            try await forEachPartOfLog { for leaf in $0 { LeafRow.appendCSV(leaf, to: &out) } }
        case .seal: return LeafRow.csv(try await sealLeaves())
        case .head:
            return TableWriter.csv(
                ReportTable(
                    name: "head", columns: ["head", "signature"],
                    rows: epoch.edgeHead.map {
                        [[.text("0x" + Hex.encode($0.head.canonicalBytes)), .text($0.signature.hex)]]
                    } ?? []))
        }
        return out
    }

    /// The epoch's leaves, in parts that fit into memory.
    func forEachPartOfLog(_ body: ([LogLeaf]) async throws -> Void) async throws {
        let store = LogStore(transaction)
        var first = epoch.firstIndex
        while first < endIndex {
            let end = min(first + Self.partLeaves, endIndex)
            try await body(try await store.leaves(first..<end))
            first = end
        }
    }

    /// The epoch's leaves, for one that fits into memory.
    func leaves() async throws -> [LogLeaf] {
        var leaves: [LogLeaf] = []
        try await forEachPartOfLog { leaves += $0 }
        return leaves
    }

    /// The charges of which something is held before the epoch, as text in parts; each also goes to `charge`.
    func forEachPart(
        ofHeld charge: (OpenCharge) throws -> Void = { _ in }, _ body: ([UInt8]) throws -> Void
    ) async throws {
        var part = OpenCharge.form.csvStart
        var rows = 0
        try await ReportStore(transaction).forEachOpenCharge(
            through: epoch.firstCharge - 1, before: epoch.firstIndex
        ) { stored in
            let open = OpenCharge(
                charge: stored.number, epoch: stored.epoch, base: stored.base, congestion: stored.congestion,
                expiryDay: stored.expiryDay.number, storagePerDay: stored.storagePerDay, postage: stored.postage,
                postageDue: stored.postageDue,
                shard: genesis.sharding.shard(ofEnvelope: stored.envelopeHash).number)
            try charge(open)
            open.appendCSV(to: &part)
            rows += 1
            guard rows == Self.partRows else { return }
            try body(part)
            part.removeAll(keepingCapacity: true)
            rows = 0
        }
        try body(part)
    }

    /// The charges of which something is held before the epoch, for few.
    func held() async throws -> [OpenCharge] {
        var charges: [OpenCharge] = []
        try await forEachPart(ofHeld: { charges.append($0) }) { _ in }
        return charges
    }

    /// The charges on which leaves of the epoch decide one by one.
    func named() async throws -> NamedCharges {
        NamedCharges(
            try await ExportStore(transaction).leaves(of: NamedCharges.kinds, in: epoch.firstIndex..<endIndex))
    }

    /// The observations of the epoch up to its result, and the result: fixed once the epoch is sealed. Attestations come
    /// later and stand in the next epoch's log.
    private func sealLeaves() async throws -> [LogLeaf] {
        guard let result = epoch.resultIndex else {
            throw Refusal(409, "epoch/not-sealed", "Epoch \(epoch.number) is not sealed.")
        }
        return try await ExportStore(transaction).leaves(of: [.observation, .result], in: endIndex..<result + 1)
            .filter(speaksOfEpoch)
    }

    private func speaksOfEpoch(_ leaf: LogLeaf) throws -> Bool {
        switch leaf.kind {
        case .observation:
            try Observation(canonicalBytes: try LogBody.readSigned(leaf.body).0).epoch == epoch.number
        case .result: try EpochResult(canonicalBytes: leaf.body).epoch == epoch.number
        default: false
        }
    }

    func opening() async throws -> EpochOpening {
        let first = epoch.firstIndex
        let reports = ReportStore(transaction)
        let lastMidnight = try await reports.lastMidnight(before: first, genesis: genesis)
        let charges = epoch.firstCharge - 1
        let storage = try await reports.storageHolds(through: charges, before: first, after: lastMidnight)
        let frontier = try await LogStore(transaction).frontier(at: first)
        let acts = try await LogStore(transaction).acts(before: first)
        let rate = try await ChargeStore(transaction).rate(
            at: genesis.epochs.beginning(of: epoch.number), through: charges,
            after: acts.rollbacks.last?.rollback.lastCharge ?? 0)
        let proofs = try await EquivocationStore(transaction).all(in: 0..<first).map {
            EpochOpening.Equivocator(epoch: $0.evidence.epoch, operatorAddress: $0.evidence.operatorAddress)
        }
        return EpochOpening(
            epoch: epoch.number, genesis: HexBytes(genesis.canonicalBytes),
            rotations: acts.filter(\.isRotation).map {
                EpochOpening.Rotation(logIndex: $0.index, body: HexBytes($0.body))
            }, size: first, frontier: frontier.hashes,
            lastMidnight: lastMidnight.number, chargeCount: charges, minuteCounts: rate.newest.list,
            isPaused: acts.isPaused, dustIn: epoch.dustIn,
            schedules: try await ScheduleStore(transaction).logged(before: first)
                .map { HexBytes($0.schedule.canonicalBytes) },
            nodes: try await nodes(before: first), heard: try await heardBefore(),
            storage: storage.daily.sorted { $0.key < $1.key }.map {
                EpochOpening.Storage(expiryDay: $0.key.number, daily: $0.value)
            }, ruleset: acts.ruleset.map(HexBytes.init), equivocations: proofs.isEmpty ? nil : proofs,
            owed: try await owed(), outages: try await outages(), histories: try await histories())
    }

    private func nodes(before index: UInt64) async throws -> [EpochOpening.Node] {
        var cumulative = try await CorrectionStore(transaction).credited(in: 0..<index)
        for earlier in try await EpochStore(transaction).all() where earlier.number < epoch.number {
            for row in earlier.result?.rows ?? [] {
                cumulative[row.node] = try (cumulative[row.node] ?? .zero).adding(row.reward)
            }
        }
        let registered = try await LogStore(transaction).leaves(of: .node, before: index)
        let slashed = try await NodeStore(transaction).slashed(before: index)
        let absences = try await NodeStore(transaction).absences(through: epoch.number)
        return try registered.map { leaf in
            let node = try RegisteredNode(canonicalBytes: leaf.body)
            return EpochOpening.Node(
                node: HexBytes(leaf.body), registeredAt: leaf.time, cumulative: cumulative[node.number] ?? .zero,
                slashed: slashed[node.number], absences: absences[node.number]?.spans)
        }
    }

    private func heardBefore() async throws -> [UInt32] {
        guard let before = try await EpochStore(transaction).epoch(epoch.number - 1) else { return [] }
        return try await NodeStore(transaction).heard(in: before.firstIndex..<epoch.firstIndex).sorted()
    }
}
