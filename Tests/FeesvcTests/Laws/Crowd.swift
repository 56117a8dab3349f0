import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// Many who pay, withdraw, top up and close at once, out of channels that do not hold enough for all of it, while
/// somebody reads the books.
struct Crowd {
    static let channelCount = 3
    private static let deposit: UInt128 = 2_000_000_000

    /// Something that one of them asks for, step by step.
    fileprivate enum Asker {
        case lane(channel: Int, lane: UInt32, ceilings: [UInt128])
        case withdrawer(channel: Int, amounts: [UInt128])
        case depositor(channel: Int, references: ClosedRange<UInt8>)
        case closer(channel: Int)
    }

    /// What was seen of the books at one moment.
    struct Sight {
        let entry: UInt64
        let balances: [LedgerAccount: AccountTotals]
        /// What each channel's ceilings have left of its money; below zero where they claim too much.
        let left: [Int64]
        let isConserved: Bool
    }

    private(set) var accepted = 0
    private(set) var refused = 0
    private(set) var sights: [Sight] = []
    private(set) var entries: [LedgerEntry] = []

    static func run(_ seed: UInt64) async throws -> Crowd {
        var random = SplitMix64(seed: seed)
        var crowd = Crowd()
        let askers = askers(&random)
        try await ServiceFixture.run { fixture in
            let channels = try await fixture.channels(channelCount, deposit: Amount(deposit))
            let pipeline = VoucherPipeline(fixture.service)
            let (isOver, over) = AsyncStream.makeStream(of: Void.self)
            async let seen = watch(fixture, until: isOver)
            let answers = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for asker in askers {
                    group.addTask { try await asker.ask(fixture, pipeline, channels) }
                }
                return try await group.reduce(into: (0, 0)) { ($0.0, $0.1) = ($0.0 + $1.0, $0.1 + $1.1) }
            }
            over.finish()
            (crowd.accepted, crowd.refused) = answers
            crowd.sights = try await seen + [try await look(fixture)]
            crowd.entries = try await fixture.service.read { try await ReportStore($0).entries(0..<UInt64(Int64.max)) }
            _ = try await fixture.service.read { try await BooksCheck($0, noted: nil).run() }
        }
        return crowd
    }

    private static func askers(_ random: inout SplitMix64) -> [Asker] {
        var askers: [Asker] = []
        for channel in 0..<channelCount {
            for lane in UInt32(0)..<4 {
                var ceiling = UInt128(0)
                let ceilings = (0..<8).map { _ in
                    ceiling += UInt128.random(in: 40_000_000...200_000_000, using: &random)
                    return ceiling
                }
                askers.append(.lane(channel: channel, lane: lane, ceilings: ceilings))
            }
            for _ in 0..<2 {
                let amounts = (0..<5).map { UInt128($0 + 1) * UInt128.random(in: 1...200_000_000, using: &random) }
                askers.append(.withdrawer(channel: channel, amounts: amounts.sorted()))
            }
            askers.append(
                .depositor(channel: channel, references: UInt8(channel * 10 + 100)...UInt8(channel * 10 + 104)))
        }
        askers.append(.closer(channel: channelCount - 1))
        return askers.shuffled(using: &random)
    }

    private static func watch(_ fixture: ServiceFixture, until isOver: AsyncStream<Void>) async throws -> [Sight] {
        try await withThrowingTaskGroup(of: [Sight]?.self) { group in
            group.addTask {
                for await _ in isOver {}
                return nil
            }
            group.addTask {
                var sights: [Sight] = []
                while !Task.isCancelled { sights.append(try await look(fixture)) }
                return sights
            }
            var sights: [Sight] = []
            while let result = try await group.next() {
                if let result { sights = result } else { group.cancelAll() }
            }
            return sights
        }
    }

    private static func look(_ fixture: ServiceFixture) async throws -> Sight {
        try await fixture.service.read { transaction in
            let ledger = LedgerStore(transaction)
            let rows = try await transaction.query(
                """
                SELECT (c.deposited + c.refunded - c.withdrawn \
                - (SELECT coalesce(sum(l.ceiling), 0) FROM lanes AS l WHERE l.channel = c.number))::BIGINT AS left \
                FROM channels AS c WHERE c.stage <> 'closed'
                """)
            let totals = try await ledger.storedTotals()
            let sums = try Balances(totals: totals).conservation()
            let subledgers = try await ledger.subledgers().allSatisfy { account, sum in
                try (totals[account] ?? AccountTotals()).balance(of: account) == sum
            }
            return Sight(
                entry: try await ledger.end().number, balances: totals, left: try rows.map { try $0.int("left") },
                isConserved: sums.custody == sums.liabilities && subledgers)
        }
    }
}

extension Crowd.Asker {
    /// How often this one got what it wanted, and how often it was refused.
    fileprivate func ask(
        _ fixture: ServiceFixture, _ pipeline: VoucherPipeline, _ channels: [Bytes32]
    ) async throws -> (accepted: Int, refused: Int) {
        var (accepted, refused) = (0, 0)
        func count(_ body: () async throws -> Void) async throws {
            do {
                try await body()
                accepted += 1
            } catch is Refusal {
                refused += 1
            } catch is VoucherRefusal {
                refused += 1
            }
        }
        switch self {
        case .lane(let place, let lane, let ceilings):
            let key = ServiceFixture.payer(place)
            for (number, ceiling) in ceilings.enumerated() {
                let topic = Topic(owner: .zero, salt: .zero)
                let items = [fixture.item(fixture.envelope("\(place)/\(lane)/\(number)", topic: topic))]
                let voucher = Voucher(
                    channelID: channels[place], lane: lane, sequence: UInt64(number) + 1,
                    cumulativeAmount: Amount(ceiling), validUntil: fixture.service.clock.now + 10 * UTCDay.seconds,
                    itemsHash: Item.hash(of: items))
                let signed = SignedVoucher(
                    voucher: voucher, items: items, signature: key.sign(fixture.service.domain.digest(of: voucher)))
                try await count {
                    let screened = try await VoucherScreen(fixture.service).screen([signed]).map { try $0.get() }
                    _ = try await pipeline.submit(screened)[0].get()
                }
            }
        case .withdrawer(let place, let amounts):
            for amount in amounts {
                let withdrawal = Withdrawal(
                    channelID: channels[place], cumulative: Amount(amount), validUntil: .max)
                try await count { _ = try await fixture.withdraw(withdrawal, by: ServiceFixture.payer(place)) }
            }
        case .depositor(let place, let references):
            for reference in references {
                try await count {
                    try await fixture.deposit(
                        30_000_000, to: channels[place], reference: SHA256.hash([reference]))
                }
            }
        case .closer(let place):
            // Late enough for some vouchers to come before.
            while await fixture.service.state.chargeCount < 12 { await Task.yield() }
            let request = RequestClose(channelID: channels[place], validUntil: .max)
            try await count { _ = try await fixture.close(request, by: ServiceFixture.payer(place)) }
        }
        return (accepted, refused)
    }
}
