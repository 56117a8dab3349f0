import Channels
import Payer
import Primitives
import Synchronization

/// What stops a test's payer in its tracks, as a crash would.
struct Crash: Error {}

/// Counts the steps of a run, and crashes it at one of them.
final class Steps: Sendable {
    private struct State {
        var count = 0
        var crashAt: Int?
    }

    private let state = Mutex(State())

    /// Crashes at the step with this number from now on, counted from 0; never where it is `nil`.
    func crash(at number: Int?) {
        state.withLock { $0 = State(count: 0, crashAt: number) }
    }

    /// How many there were.
    var count: Int { state.withLock { $0.count } }

    /// One step: an effect is about to be, or was.
    func pass() throws {
        try state.withLock { state in
            defer { state.count += 1 }
            if state.count == state.crashAt { throw Crash() }
        }
    }
}

/// A fee service in miniature: it charges each envelope once at one price, keeps its log and remembers what was sent.
final class ModelService: ChannelService {
    struct Lane {
        var sequence: UInt64 = 0
        var ceiling = Amount.zero
        var charged = Amount.zero
        var newest: VoucherProof?
    }

    struct State {
        var tree = LogTree()
        var tiles: [LogTile: [Bytes32]] = [:]
        var charges: [(leaf: LogLeaf, voucher: SignedVoucher)] = []
        var lanes: [UInt32: Lane] = [:]
        var sent: [SignedVoucher] = []
        var price = Amount(10)
        var deposited = Amount(1_000_000)
        var refusing: String?
        var signers: [ChannelAccount.Signer] = []
        var time: UInt64 = ModelService.now
    }

    static let now: UInt64 = 1_767_571_200
    static let logKey = SecretKey(seed: 1, label: "log")

    let genesis: Genesis
    private let state = Mutex(State())
    private let steps: Steps

    init(steps: Steps = Steps(), chain: UInt128 = 1) {
        self.steps = steps
        genesis = Genesis(
            chainID: Bytes32(integer: chain), verifyingContract: .zero, logKey: Self.logKey.address,
            settlementKey: .zero, adminKey: .zero, currency: "USD", ledgerScale: 12, settlementScale: 6, start: 0,
            epochSeconds: 604_800, ruleset: 1)
        with { Self.append(.genesis, genesis.canonicalBytes, to: &$0) }
    }

    /// Looks at what it holds, or changes it.
    @discardableResult
    func with<Result>(_ body: (inout State) -> Result) -> Result {
        state.withLock { state in body(&state) }
    }

    func check(_ head: SignedHead) throws(ReceiptRefusal) {
        guard head.head.logID == genesis.logID else { throw .otherLog }
        guard head.isBy(genesis.logKey, in: genesis.domain) else { throw .headSignature }
    }

    var rollbacks: [LoggedRollback] { [] }

    func restore(_ voucher: SignedVoucher, proofs: [ChargeProof]) async throws -> Restoring {
        .refused(code: "restoration/standing", detail: "nothing was lost")
    }

    func send(_ vouchers: [SignedVoucher]) async throws -> VoucherFrames.Answer {
        try steps.pass()
        let answer = state.withLock { state in
            state.sent += vouchers
            let decided = vouchers.map { decide($0, &state) }
            let head = head(of: state)
            return VoucherFrames.Answer(
                head: head,
                results: decided.map { result in
                    switch result {
                    case .success(let leaf): .charged([charged(leaf, state)])
                    case .failure(let refusal):
                        .refused(status: 402, code: refusal.code, detail: "no")
                    }
                })
        }
        try steps.pass()
        return answer
    }

    private struct Refused: Error {
        let code: String
    }

    private func decide(_ voucher: SignedVoucher, _ state: inout State) -> Result<LogLeaf, Refused> {
        if let code = state.refusing { return .failure(Refused(code: code)) }
        let item = voucher.items[0]
        if let known = state.charges.first(where: { $0.voucher.items[0].envelopeHash == item.envelopeHash }) {
            return .success(known.leaf)
        }
        var lane = state.lanes[voucher.voucher.lane] ?? Lane()
        guard voucher.voucher.sequence > lane.sequence else { return .failure(Refused(code: "voucher/sequence")) }
        guard voucher.voucher.cumulativeAmount >= lane.ceiling else {
            return .failure(Refused(code: "voucher/ceiling-lowered"))
        }
        guard state.price <= item.maxFee else { return .failure(Refused(code: "voucher/max-fee")) }
        guard let needed = try? lane.charged.adding(state.price), needed <= voucher.voucher.cumulativeAmount else {
            return .failure(Refused(code: "voucher/ceiling-too-low"))
        }
        lane = Lane(
            sequence: voucher.voucher.sequence, ceiling: voucher.voucher.cumulativeAmount, charged: needed,
            newest: VoucherProof(voucher))
        state.lanes[voucher.voucher.lane] = lane
        let charge = Charge(
            number: UInt64(state.charges.count + 1), epoch: 1,
            commitment: Charge.commitment(to: voucher.voucher.channelID, salt: Self.salt(state.tree.size)),
            envelopeHash: item.envelopeHash, bytes: item.bytes, expiryDay: item.expiryDay, schedule: 1,
            price: Price(base: state.price, storage: .zero, congestion: .zero, postage: .zero),
            publishBy: state.time + 3_600)
        let leaf = Self.append(.charge, charge.canonicalBytes, to: &state)
        state.charges.append((leaf, voucher))
        return .success(leaf)
    }

    @discardableResult
    private static func append(_ kind: LeafKind, _ body: [UInt8], to state: inout State) -> LogLeaf {
        let leaf = LogLeaf(index: state.tree.size, time: state.time, kind: kind, body: body)
        for (tile, hashes) in state.tree.append(leaf.hash) { state.tiles[tile] = hashes }
        return leaf
    }

    /// Something of another payer.
    func appendOther() { state.withLock { _ = Self.append(.midnight, [1], to: &$0) } }

    private static func salt(_ index: UInt64) -> Bytes32 { SHA256.hash([UInt8(truncatingIfNeeded: index), 7]) }

    func head(of state: State) -> SignedHead {
        let head = LogHead(
            logID: genesis.logID, size: state.tree.size, root: state.tree.root, time: state.time, epoch: 1)
        return SignedHead(head: head, signature: Self.logKey.sign(genesis.domain.digest(of: head.statement)))
    }

    private func charged(_ leaf: LogLeaf, _ state: State) -> VoucherFrames.Charged {
        VoucherFrames.Charged(
            leaf: leaf.canonicalBytes, path: state.tree.paths(of: [leaf.index]) { state.tiles[$0] ?? [] }[0],
            salt: Self.salt(leaf.index))
    }

    func account(_ query: SignedQuery) async throws -> ChannelAccount {
        try steps.pass()
        return state.withLock { state in
            ChannelAccount(
                payer: .zero, stage: "open", closesAt: nil, deposited: state.deposited, refunded: .zero,
                withdrawn: .zero, available: .zero, nonce: 0, signers: state.signers,
                lanes: state.lanes.sorted { $0.key < $1.key }.map {
                    LaneClaim(
                        lane: $0.key, sequence: $0.value.sequence, ceiling: $0.value.ceiling,
                        charged: $0.value.charged, newest: $0.value.newest)
                })
        }
    }

    func charges(_ query: SignedQuery, lane: UInt32, from: UInt64?) async throws -> ChargePage {
        try steps.pass()
        return try state.withLock { state in
            let head = head(of: state)
            let all = try state.charges.filter { $0.voucher.voucher.lane == lane }.map { charge in
                ChargeProof(
                    receipt: try Receipt(charged(charge.leaf, state), head: head), salt: Self.salt(charge.leaf.index))
            }
            // Two a page, so that pages have to be turned.
            let rest = all.reversed().drop { $0.receipt.charge.number > from ?? .max }
            return ChargePage(
                charges: Array(rest.prefix(2)), next: rest.dropFirst(2).first?.receipt.charge.number)
        }
    }

    func growth(from size: UInt64) async throws -> (head: SignedHead, proof: [Bytes32]) {
        try steps.pass()
        return state.withLock { state in
            (head(of: state), state.tree.consistency(from: size) { state.tiles[$0] ?? [] })
        }
    }
}

/// A disk in miniature: what was written last is what a new process finds.
final class ModelStorage: WalletStorage {
    struct State {
        var json: [UInt8]
        var receipts: [UInt64: PaidItem] = [:]
        var evidence: [ServiceEvidence] = []
    }

    private let state: Mutex<State>
    private let steps: Steps

    init(_ record: ChannelRecord, steps: Steps = Steps()) {
        state = Mutex(State(json: record.json))
        self.steps = steps
    }

    /// Looks at what it holds, or changes it.
    @discardableResult
    func with<Result>(_ body: (inout State) -> Result) -> Result {
        state.withLock { state in body(&state) }
    }

    /// What a new process reads.
    var record: ChannelRecord { get throws { try ChannelRecord(json: state.withLock { $0.json }) } }

    func write(_ record: ChannelRecord) throws {
        try steps.pass()
        guard try self.record.isContinued(by: record) else {
            throw WalletError.backwards(channel: record.channelID)
        }
        state.withLock { $0.json = record.json }
        try steps.pass()
    }

    func lost(by rollback: LoggedRollback, record: ChannelRecord) throws -> [LostPayment] { [] }

    func save(_ paid: PaidItem, voucher: SignedVoucher?, record: ChannelRecord) throws {
        try steps.pass()
        state.withLock { $0.receipts[paid.receipt.charge.number] = paid }
        try steps.pass()
    }

    func keep(_ evidence: ServiceEvidence) throws -> String {
        state.withLock { $0.evidence.append(evidence) }
        return "evidence"
    }
}

/// A channel of a wallet that pays a ``ModelService``.
struct ModelPayer {
    static let channelID = SHA256.hash([9])
    static let validUntil = ModelService.now + 1_000_000

    let key: SecretKey
    let service: ModelService
    let storage: ModelStorage

    init(
        steps: Steps = Steps(), limits: SpendingLimits = SpendingLimits(), firstSequence: UInt64 = 0,
        key: SecretKey = SecretKey(seed: 3, label: "payer"), service: ModelService? = nil
    ) {
        self.key = key
        let service = service ?? ModelService(steps: steps)
        self.service = service
        storage = ModelStorage(
            ChannelRecord(
                channelID: Self.channelID, payer: key.address, signer: key.address, opening: nil,
                genesis: service.genesis, service: "http://127.0.0.1:1", limits: limits, firstSequence: firstSequence),
            steps: steps)
    }

    /// What a new process does first.
    func open() throws -> WalletChannel {
        try WalletChannel(record: try storage.record, key: key, service: service, storage: storage)
    }

    func item(_ name: String, maxFee: Amount = 15) -> Item {
        Item(
            envelopeHash: SHA256.hash(Array(name.utf8)), bytes: 1, expiryDay: UTCDay(number: 20_500), postage: .zero,
            maxFee: maxFee)
    }

    func pay(
        _ names: [String], with channel: WalletChannel, lane: UInt32 = 0, now: UInt64 = ModelService.now
    ) async throws -> [PaymentOutcome] {
        try await channel.pay(names.map { item($0) }, lane: lane, validUntil: Self.validUntil, now: now)
    }
}
