import Channels
import Payer
import Primitives
import Rewards
import Storage

/// The files from which anybody recomputes an epoch. They name no channel.
enum InputFile: String, CaseIterable, Sendable {
    /// The state before the epoch.
    case opening = "opening.json"
    /// The epoch's leaves.
    case log = "log.csv"
    /// The leaves after its edge that speak of it: observations and result.
    case seal = "seal.csv"
    /// The signed head at its edge.
    case head = "head.csv"

    var mediaType: String { self == .opening ? "application/json" : "text/csv" }
}

/// Writes an epoch's input files from the database.
struct EpochInputs {
    private let transaction: Transaction
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

    func write(_ file: InputFile) async throws -> [UInt8] {
        switch file {
        case .opening: try await opening().json()
        case .log: TableWriter.csv(Self.leafTable("log", try await leaves()))
        case .seal: TableWriter.csv(Self.leafTable("seal", try await sealLeaves()))
        case .head:
            TableWriter.csv(
                ReportTable(
                    name: "head", columns: ["head", "signature"],
                    rows: epoch.edgeHead.map {
                        [[.text("0x" + Hex.encode($0.head.canonicalBytes)), .text($0.signature.hex)]]
                    } ?? []))
        }
    }

    static func leafTable(_ name: String, _ leaves: [LogLeaf]) -> ReportTable {
        ReportTable(
            name: name, columns: ["index", "time", "kind", "body"],
            rows: leaves.map {
                [
                    .integer($0.index), .integer($0.time), .integer(UInt64($0.kind.rawValue)),
                    .text("0x" + Hex.encode($0.body)),
                ]
            })
    }

    func leaves() async throws -> [LogLeaf] {
        try await LogStore(transaction).leaves(epoch.firstIndex..<endIndex)
    }

    /// The observations of the epoch up to its result, and the result: fixed once the epoch is sealed. Attestations come
    /// later and stand in the next epoch's log.
    private func sealLeaves() async throws -> [LogLeaf] {
        guard let result = epoch.resultIndex else {
            throw Refusal(409, "epoch/not-sealed", "Epoch \(epoch.number) is not sealed.")
        }
        let end = result + 1
        var leaves: [LogLeaf] = []
        for leaf in try await LogStore(transaction).leaves(endIndex..<end) where try speaksOfEpoch(leaf) {
            leaves.append(leaf)
        }
        return leaves
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
        return EpochOpening(
            epoch: epoch.number, genesis: HexBytes(genesis.canonicalBytes),
            rotations: acts.filter(\.isRotation).map {
                EpochOpening.Rotation(logIndex: $0.index, body: HexBytes($0.body))
            }, size: first, frontier: frontier.hashes,
            lastMidnight: lastMidnight.number, chargeCount: charges, minuteCounts: rate.newest.list,
            isPaused: acts.isPaused, dustIn: epoch.dustIn,
            schedules: try await ScheduleStore(transaction).logged(before: first)
                .map { HexBytes($0.schedule.canonicalBytes) },
            nodes: try await nodes(before: first),
            storage: storage.daily.sorted { $0.key < $1.key }.map {
                EpochOpening.Storage(expiryDay: $0.key.number, daily: $0.value)
            },
            charges: try await reports.openCharges(through: charges, before: first).map {
                EpochOpening.OpenCharge(
                    charge: $0.number, epoch: $0.epoch, base: $0.base, congestion: $0.congestion,
                    expiryDay: $0.expiryDay.number, storagePerDay: $0.storagePerDay, postage: $0.postage,
                    postageDue: $0.postageDue)
            })
    }

    private func nodes(before index: UInt64) async throws -> [EpochOpening.Node] {
        var cumulative: [UInt32: Amount] = [:]
        for earlier in try await EpochStore(transaction).all() where earlier.number < epoch.number {
            for row in earlier.result?.rows ?? [] { cumulative[row.node] = row.cumulative }
        }
        let registered = try await LogStore(transaction).leaves(of: .node, before: index)
        return try registered.map { leaf in
            let node = try RegisteredNode(canonicalBytes: leaf.body)
            return EpochOpening.Node(
                node: HexBytes(leaf.body), registeredAt: leaf.time, cumulative: cumulative[node.number] ?? .zero)
        }
    }
}
