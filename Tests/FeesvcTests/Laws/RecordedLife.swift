import Channels
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// What a service recorded while a plan's acts were done, two epochs went by and were sealed, and what those who acted
/// know of it without asking.
struct RecordedLife: Sendable {
    /// How things stood after an act.
    struct Moment: Sendable {
        let what: String
        /// The newest entry.
        let entry: UInt64
        let openEpoch: UInt64
        /// The totals that are kept beside the journal.
        let stored: [LedgerAccount: AccountTotals]
        /// What all messages cost that were accepted, by the page's prices.
        let charged: Amount
        /// What channels count as refunded.
        let refunded: Amount
        /// What came out of stakes.
        let slashed: Amount
    }

    /// What of an epoch may not change once it is over.
    struct Closed: Hashable, Sendable {
        let entries: [LedgerEntry]
        let totals: [LedgerAccount: AccountTotals]
        let charged: Amount
        let refunded: Amount
        let captured: CapturedParts
        let held: Amount?
    }

    /// A refund as it is recorded.
    struct Refund: Hashable, Sendable {
        let charge: UInt64
        let logIndex: UInt64
        let epoch: UInt64
    }

    let seed: UInt64
    private(set) var moments: [Moment] = []
    /// Epochs as they were right after their edges.
    private(set) var closed: [UInt64: Closed] = [:]
    /// The same epochs at the end.
    private(set) var closedAtEnd: [UInt64: Closed] = [:]
    private(set) var entries: [LedgerEntry] = []
    private(set) var epochs: [StoredEpoch] = []
    private(set) var refunds: [Refund] = []
    /// How many acts were undone in their transaction.
    private(set) var undone = 0
    /// The results that an audit of the exports computed.
    private(set) var recomputed: [UInt64: [UInt8]] = [:]
    private var charged = UInt128(0)

    private init(seed: UInt64) { self.seed = seed }

    /// The acts that a seed gives.
    static func plan(_ seed: UInt64) -> ActPlan {
        var random = SplitMix64(seed: seed)
        return ActPlan(&random)
    }

    /// Lives through a plan, or through those of its acts that are kept.
    static func lived(_ seed: UInt64, keeping kept: Set<Int>? = nil) async throws -> RecordedLife {
        let plan = plan(seed)
        var random = SplitMix64(seed: seed &+ 1_000)
        var life = RecordedLife(seed: seed)
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let channels = try await fixture.channels(ActPlan.channelCount, deposit: ActPlan.deposit)
            var run = ActRun(fixture: fixture, channels: channels)
            try await life.note("the beginning", fixture)
            var number = 0
            var welcomed: [EnvelopeHead] = []
            for day in plan.days {
                for (act, time) in zip(day.acts, day.times) {
                    defer { number += 1 }
                    guard kept?.contains(number) ?? true else { continue }
                    try await fixture.advance(to: time)
                    try await run.perform(act.act)
                    try life.count(act.act, at: time)
                    try await life.note("act \(number)", fixture)
                    if case .welcome(let head) = act.act { welcomed.append(head) }
                    if UInt8.random(in: 0..<4, using: &random) == 0 { try await life.undo(channels[0], fixture) }
                    if UInt8.random(in: 0..<3, using: &random) == 0, let head = welcomed.popLast() {
                        try await run.delete(head)
                        try await life.note("a deletion", fixture)
                    }
                }
            }
            for epoch in UInt64(1)...2 {
                let edge = ServiceFixture.start + epoch * ServiceFixture.epochLength
                try await fixture.advance(to: edge)
                life.closed[epoch] = try await closed(epoch, fixture)
                try await life.note("the edge of epoch \(epoch)", fixture)
                try await fixture.observeAll(3, epoch: epoch)
                _ = try await fixture.service.seal(epoch)
                try await life.note("the seal of epoch \(epoch)", fixture)
                for head in welcomed {
                    try await run.delete(head)
                    try await life.note("a deletion in epoch \(epoch + 1)", fixture)
                }
                welcomed = []
                try await fixture.advance(to: edge + UTCDay.seconds)
                try await life.note("the cut of epoch \(epoch)", fixture)
            }
            try await life.finish(fixture)
        }
        return life
    }

    private mutating func count(_ act: PlannedAct.Act, at time: UInt64) throws {
        guard case .voucher(let voucher) = act else { return }
        for item in voucher.items {
            let days = UInt128(item.expiryDay.number - UTCDay(containing: time).number)
            charged += 38_500_000 + 22 * UInt128(item.bytes) * days + item.postage.units
        }
    }

    /// An act that fails in the middle of its transaction.
    private mutating func undo(_ channel: Bytes32, _ fixture: ServiceFixture) async throws {
        let withdrawal = Withdrawal(channelID: channel, cumulative: .max, validUntil: .max)
        let code = await fixture.code { _ = try await fixture.withdraw(withdrawal, by: ServiceFixture.payer(0)) }
        #expect(code == "channel/reserved")
        undone += 1
    }

    private mutating func note(_ what: String, _ fixture: ServiceFixture) async throws {
        let (state, charged) = (await fixture.service.state, charged)
        let moment = try await fixture.service.read { transaction in
            let rows = try await transaction.query(
                """
                SELECT (SELECT coalesce(sum(refunded), 0) FROM channels) AS refunded, \
                (SELECT coalesce(sum(amount), 0) FROM slashes) AS slashed
                """)
            let row = try #require(rows.first)
            return Moment(
                what: what, entry: state.anchor.number, openEpoch: state.openEpoch,
                stored: try await LedgerStore(transaction).storedTotals(), charged: Amount(charged),
                refunded: try row.amount("refunded"), slashed: try row.amount("slashed"))
        }
        moments.append(moment)
    }

    private static func closed(_ number: UInt64, _ fixture: ServiceFixture) async throws -> Closed {
        try await fixture.service.read { transaction in
            let epoch = try #require(try await EpochStore(transaction).epoch(number))
            let reports = ReportStore(transaction)
            return Closed(
                entries: try await reports.entries(0..<UInt64(Int64.max)).filter { $0.epoch == number },
                totals: try await reports.totals(before: try #require(epoch.endEntry)), charged: epoch.charged,
                refunded: epoch.refunded, captured: epoch.captured, held: epoch.held)
        }
    }

    private mutating func finish(_ fixture: ServiceFixture) async throws {
        for number in closed.keys { closedAtEnd[number] = try await Self.closed(number, fixture) }
        (entries, epochs, refunds) = try await fixture.service.read { transaction in
            (
                try await ReportStore(transaction).entries(0..<UInt64(Int64.max)),
                try await EpochStore(transaction).all(),
                try await transaction.query("SELECT charge, log_index, epoch FROM refunds").map {
                    Refund(
                        charge: try $0.unsigned("charge"), logIndex: try $0.unsigned("log_index"),
                        epoch: try $0.unsigned("epoch"))
                }
            )
        }
        let out = fixture.directory + "/reports"
        _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
        try DirectoryChain.audit(out) { recomputed[$0.epoch] = $0.audit.result.canonicalBytes }
    }
}

extension ActRun {
    /// Has the owner delete a message that was charged; gone already, it is left alone.
    func delete(_ head: EnvelopeHead) async throws {
        let statement = DeletionStatement(topic: MessageSupply.topic.id, envelopeHash: head.hash)
        let deletion = Deletion(
            head: head, topic: MessageSupply.topic,
            signature: MessageSupply.owner.sign(fixture.service.domain.digest(of: statement)))
        do {
            _ = try await fixture.service.delete(deletion, charge: charge(of: head.hash))
        } catch let refusal as Refusal where ["deletion/decided", "deletion/nothing-left"].contains(refusal.code) {}
    }
}

/// Lives through the plans of all seeds before a suite's tests.
struct RecordedLivesTrait: SuiteTrait, TestScoping {
    @TaskLocal static var lives: [RecordedLife] = []

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        var lives: [RecordedLife] = []
        for seed in LawSeeds.all { lives.append(try await RecordedLife.lived(seed)) }
        try await Self.$lives.withValue(lives) { try await function() }
    }
}

extension Trait where Self == RecordedLivesTrait {
    /// Gives a suite's tests what services recorded.
    static var recordedLives: Self { Self() }
}
