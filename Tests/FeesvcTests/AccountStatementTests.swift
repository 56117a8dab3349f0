import ArgumentParser
import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Reports
import Rewards
import Storage
import Testing

@testable import feesvc

/// Statements of payers, channels and node operators.
///
/// `FEESVC_SEED` is the first seed of the law, `FEESVC_EXAMPLES` how many there are.
@Suite(.serialized) struct AccountStatementTests: RefundScene {
    private static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["FEESVC_SEED"].flatMap { UInt64($0) } ?? 1
        return (0..<(environment["FEESVC_EXAMPLES"].flatMap { UInt64($0) } ?? 3)).map { first &+ $0 }
    }()

    @Test func `whatever payers, owners and nodes do, statements of any period tie to the books`() async throws {
        var kinds: Set<String> = []
        for seed in Self.seeds {
            do {
                kinds.formUnion(try await play(seed))
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
        let all: Set = [
            "deposit", "topup", "charge", "midnight", "cut", "postage", "refund", "repayment", "withdrawal", "close",
            "claim", "payout",
        ]
        #expect(kinds.isSuperset(of: all), "not seen: \(all.subtracting(kinds))")
    }

    /// Plays what a seed says, checks epochs and ranges of days, and returns the kinds of movements that came up.
    private func play(_ seed: UInt64) async throws -> Set<String> {
        var kinds: Set<String> = []
        try await ServiceFixture.run { fixture in
            var scene = StatementScene(fixture, seed: seed)
            try await scene.play(through: 3)
            var epochs = StatementCheck(fixture)
            for epoch in 1...3 as ClosedRange<UInt64> {
                try await epochs.follow("seed \(seed), epoch \(epoch)") { try await .epoch(epoch, $0, $1) }
            }
            var days = StatementCheck(fixture)
            var generator = SplitMix64(seed: seed)
            var day = UTCDay(containing: ServiceFixture.start)
            while true {
                let (first, last) = (day, UTCDay(number: day.number + UInt32.random(in: 0...2, using: &generator)))
                guard last.next.start <= fixture.service.clock.now else { break }
                try await days.follow("seed \(seed), \(first) to \(last)") {
                    try await .days(first, through: last, $0, $1)
                }
                day = last.next
            }
            kinds = epochs.kinds
        }
        return kinds
    }

    // MARK: By hand

    private struct Written: Sendable {
        let report: Report
        let folder: String

        func amounts(_ schedule: String, _ keys: String...) throws -> [String: String] {
            let table = try #require(report.schedules.first { $0.table.name == schedule }).table
            let row = try #require(table.rows.first { Array($0.prefix(keys.count)).map(\.text) == keys })
            return Dictionary(zip(table.columns, row.map(\.text))) { first, _ in first }
                .filter { $0.value != "0" && !keys.contains($0.value) }
        }
    }

    private func payer(
        _ address: Address, _ fixture: ServiceFixture, epoch: UInt64, under name: String = "statements",
        _ formats: Set<ReportFormat> = [.csv]
    ) async throws -> Written {
        try await fixture.pool.withTransaction(isolation: .readOnly) { transaction in
            let state = try #require(try await LogStore(transaction).state())
            let content = PayerStatementContent(
                transaction: transaction, state: state, period: try await .epoch(epoch, transaction, state),
                payer: try #require(try await PayerChannels(of: address, transaction, state)))
            let scope = try await content.period.scope(content.subject, transaction, state)
            let folder = try await content.write(formats, under: fixture.directory + "/" + name) { _ in nil }
            return Written(report: try await content.statement().report(scope), folder: folder)
        }
    }

    @Test func `a payer's statement by hand: a deletion, midnights, a withdrawal, a cut, a close and a payout`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            try await fixture.deposit(1_000_000_000, to: channel, reference: SHA256.hash([9]))
            let items = [
                fixture.item(envelope, postage: 1_000_000_000), fixture.item(fixture.envelope("b", topic: topic)),
            ]
            _ = try await fixture.pay(
                fixture.voucher(items, channel: channel, key: key, sequence: 1, ceiling: 4_000_000_000))
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelope, fixture), charge: 1)
            let withdrawal = Withdrawal(
                channelID: channel, cumulative: 500_000_000, validUntil: ServiceFixture.start + 10 * UTCDay.seconds)
            #expect(try await fixture.withdraw(withdrawal, by: key) == 500_000_000)
            try await fixture.advance(to: edge)

            // Two midnights of the first message, four of the second, and 58 days that are not needed.
            let first = try await payer(key.address, fixture, epoch: 1)
            let closing = 11_000_000_000 - 77_000_000 - 120 * perDay - 1_000_000_000 + 58 * perDay - 500_000_000
            #expect(
                try first.amounts("channels", channel.hex) == [
                    "deposited": "10000000000", "topped_up": "1000000000", "returned": "\(58 * perDay)",
                    "charged_base": "77000000", "charged_storage": "\(120 * perDay)", "charged_postage": "1000000000",
                    "withdrawn": "500000000", "closing": "\(closing)", "in_books": "\(closing)",
                ])
            #expect(
                try first.amounts("held", channel.hex, "storage") == [
                    "charged": "\(120 * perDay)", "captured": "\(6 * perDay)", "returned": "\(58 * perDay)",
                    "closing": "\(56 * perDay)", "in_books": "\(56 * perDay)",
                ])
            #expect(
                try first.amounts("held", channel.hex, "postage") == [
                    "charged": "1000000000", "captured": "1000000000",
                ]
            )
            #expect(
                try first.amounts("payables", "payable:\(key.address.hex)") == [
                    "withdrawn": "500000000", "closing": "500000000", "in_books": "500000000",
                ])
            #expect(
                try first.amounts("refunds-by-ground", "deleted-early") == [
                    "from_holds": "\(58 * perDay)", "amount": "\(58 * perDay)",
                ])

            let payout = Payout(account: key.address, amount: 300_000_000, reference: SHA256.hash([8]))
            try await fixture.service.paid(
                payout, signature: fixture.settlement.sign(fixture.service.domain.digest(of: payout)))
            try await fixture.advance(to: cut)
            let charged = try #require(try await fixture.stored(channel)).state.charged
            let agreement = CloseChannel(channelID: channel, charged: charged, validUntil: cut + 60)
            let left = try await fixture.service.close(
                agreement, signature: key.sign(fixture.service.domain.digest(of: agreement)))
            #expect(left == Amount(closing))
            try await fixture.deposit(7, to: channel, reference: SHA256.hash([7]))
            try await fixture.advance(to: ServiceFixture.start + 2 * ServiceFixture.epochLength)

            let second = try await payer(key.address, fixture, epoch: 2)
            #expect(
                try second.amounts("channels", channel.hex) == ["opening": "\(closing)", "closed": "\(closing)"])
            #expect(
                try second.amounts("held", channel.hex, "base") == ["opening": "77000000", "captured": "77000000"])
            let payable = 500_000_000 + closing + 7 - 300_000_000
            #expect(
                try second.amounts("payables", "payable:\(key.address.hex)") == [
                    "opening": "500000000", "deposited": "7", "closed": "\(closing)", "paid_out": "300000000",
                    "closing": "\(payable)", "in_books": "\(payable)",
                ])
        }
    }

    @Test func `an operator's statement by hand: a stake, rewards with what was measured, a claim and a payout`()
        async throws
    {
        try await ServiceFixture.runWithBooks { fixture in
            let result = try await fixture.service.seal(1)
            for number in 1...2 {
                let key = ServiceFixture.operatorKey(number)
                _ = try await fixture.service.attest(
                    epoch: 1, operatorAddress: key.address,
                    signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
            }
            let key = ServiceFixture.operatorKey(1)
            let row = try #require(result.rows.first { $0.node == 1 })
            _ = try await fixture.service.pay(
                RewardClaim(
                    epoch: 1, node: 1, payout: row.payout, cumulative: row.cumulative,
                    proof: try #require(RewardTree(result.rows)?.proof(of: 1))))
            let payout = Payout(account: key.address, amount: 1_000_000_000, reference: SHA256.hash([8]))
            try await fixture.service.paid(
                payout, signature: fixture.settlement.sign(fixture.service.domain.digest(of: payout)))
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)

            func statement(_ epoch: UInt64) async throws -> Written {
                try await fixture.pool.withTransaction(isolation: .readOnly) { transaction in
                    let state = try #require(try await LogStore(transaction).state())
                    let content = try await OperatorStatementContent(
                        key.address, transaction, state, try await .epoch(epoch, transaction, state))
                    let scope = try await content.period.scope(.nodeOperator(key.address), transaction, state)
                    return Written(
                        report: try await content.statement().report(scope),
                        folder: try await content.write(
                            [.csv], under: fixture.directory + "/statements"
                        ) { _ in nil })
                }
            }
            let reward = row.reward.decimal
            let (rewards, stake) = ("rewards:\(key.address.hex)", "stake:\(key.address.hex)")
            let first = try await statement(1)
            #expect(try first.amounts("stakes", stake) == ["staked": "1000", "closing": "1000"])
            let second = try await statement(2)
            #expect(try second.amounts("rewards", rewards) == ["earned": reward, "closing": reward])
            #expect(try second.amounts("stakes", stake) == ["opening": "1000", "closing": "1000"])
            let measured = try second.amounts("rewards-by-operator", "1", "1")
            #expect(measured["reward"] == reward)
            #expect(measured["held_ppb"] == "1000000000")
            let third = try await statement(3)
            #expect(try third.amounts("rewards", rewards) == ["opening": reward, "claimed": reward])
            #expect(
                try third.amounts("payables", "payable:\(key.address.hex)") == [
                    "claimed": reward, "paid_out": "1000000000",
                    "closing": try row.reward.subtracting(1_000_000_000).decimal,
                ])
            #expect(third.report.closing.first { $0.key.name == "paid-out" }?.value == 1_000_000_000)
        }
    }

    @Test func `a statement is the same bytes when much has happened since`() async throws {
        try await ServiceFixture.run { fixture in
            var scene = StatementScene(fixture, seed: 5)
            try await scene.play(through: 1)
            let address = ServiceFixture.operatorKey(1).address
            let all = Set(ReportFormat.allCases)
            let early = try await payer(address, fixture, epoch: 1, under: "early", all).folder
            try await scene.goOn(through: 3)
            let late = try await payer(address, fixture, epoch: 1, under: "late", all).folder
            let names = try FileManager.default.contentsOfDirectory(atPath: early).sorted()
            #expect(names == (try FileManager.default.contentsOfDirectory(atPath: late).sorted()))
            #expect(names.contains("charges.csv") && names.contains("refunds.json") && names.contains("report.xlsx"))
            for name in names {
                let bytes = FileManager.default.contents(atPath: "\(early)/\(name)")
                #expect(bytes == FileManager.default.contents(atPath: "\(late)/\(name)"), "\(name)")
            }
        }
    }

    @Test func `what was charged too much comes back in the statement, out of holds and out of a pool`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(1)
            let dear = try await fixture.withSchedule(base: 40_000_000, storagePerByteDay: 23)
            let (charge, channel) = try await pay(dear.envelope("a", topic: topic), dear)
            let mended = try await dear.withSchedule(base: 38_500_000, storagePerByteDay: 22)
            try await mended.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await mended.service.refundOvercharge(of: charge)
            try await mended.advance(to: edge)
            let written = try await payer(key.address, mended, epoch: 1)
            let (held, owed) = (1_500_000 + 58 * UInt128(1_024), 2 * UInt128(1_024))
            #expect(
                try written.amounts("refunds-by-ground", "overcharged") == [
                    "from_holds": "\(held)", "from_pools": "\(owed)", "amount": "\(held + owed)",
                ])
            #expect(
                try written.amounts("owed", channel.hex, "overcharged") == ["decided": "\(owed)", "paid": "\(owed)"])
            #expect(try written.amounts("held", channel.hex, "base")["closing"] == "38500000")
            #expect(try written.amounts("held", channel.hex, "storage")["closing"] == "\(56 * perDay)")
            await mended.close()
        }
    }

    // MARK: Refused

    @Test func `who is unknown is told so, and two at once are none`() async throws {
        try await ServiceFixture.runWithBooks { fixture in
            let stranger = SecretKey(seed: 7, label: "stranger")
            let id = SHA256.hash([1])
            for (option, text, fault): (String, String, ReportFault) in [
                ("--payer", stranger.address.checksummed, .unknownPayer(stranger.address)),
                ("--operator", stranger.address.hex, .unknownOperator(stranger.address)),
                ("--channel", id.hex, .unknownChannel(id)),
            ] {
                let options = try StatementOptions.parse([option, text])
                await #expect(throws: fault) {
                    try await fixture.pool.withTransaction(isolation: .readOnly) { transaction in
                        let state = try #require(try await LogStore(transaction).state())
                        _ = try await options.write(
                            transaction, state, try await .epoch(1, transaction, state), [.json],
                            under: fixture.directory + "/refused"
                        ) { _ in nil }
                    }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: fixture.directory + "/refused"))
            #expect(throws: (any Error).self) {
                try StatementOptions.parse(["--payer", stranger.address.hex, "--operator", stranger.address.hex])
            }
            let wrong = stranger.address.checksummed.replacing("a", with: "A")
            for text in ["0x12", wrong == stranger.address.checksummed ? "0x" : wrong, stranger.address.hex + "0"] {
                #expect(throws: (any Error).self) { try StatementOptions.parse(["--payer", text]) }
            }
        }
    }
}
