import Channels
import Ledger
import Primitives
import Rewards
import Testing

@testable import Reports

/// How statements are posted, netted and refused.
@Suite struct StatementRuleTests {
    private static let channel = SHA256.hash([2])
    private static let payer = Address(hex: "0x" + String(repeating: "11", count: 20)) ?? .zero

    private func move(
        _ cause: PayerMovement.Cause, base: Amount = 0, storage: Amount = 0, whole: Amount = 0, isPayable: Bool = false
    ) -> PayerMovement {
        PayerMovement(
            cause, channel: Self.channel, isPayable: isPayable, parts: RefundParts(base: base, storage: storage),
            whole: whole)
    }

    private func entries(_ moves: [(PayerMovement, leaf: UInt64, time: UInt64, epoch: UInt64)]) throws -> [JournalEntry]
    {
        var journal = StatementJournal(PayerAccounts(Self.payer))
        var entries: [JournalEntry] = []
        for move in moves {
            if let entry = try journal.take(move.0, leaf: move.leaf, time: move.time, epoch: move.epoch) {
                entries.append(entry)
            }
        }
        if let entry = journal.finish() { entries.append(entry) }
        return entries
    }

    private func texts(_ entry: JournalEntry) -> [String] {
        entry.postings.map { "\($0.account.name.replacing(Self.channel.hex, with: "C")) \($0.debit) \($0.credit)" }
    }

    @Test func `movements of one kind, ground, day and epoch are one entry, in the order of the log`() throws {
        let day: UInt64 = 86_400
        let charge = move(.charge, base: 5, storage: 2)
        let made = try entries([
            (move(.deposit, whole: 100), 3, day, 1), (charge, 4, day, 1), (charge, 5, day + 9, 1),
            (move(.charge), 6, day + 10, 1),
            (move(.refund(.welcomed), storage: 1), 7, day + 11, 1),
            (move(.refund(.deletedEarly), storage: 1), 8, day + 11, 1),
            (charge, 9, day + 12, 1), (charge, 10, 2 * day, 1), (charge, 11, 2 * day, 2),
        ])
        #expect(made.map(\.number) == [1, 2, 3, 4, 5, 6, 7])
        #expect(made.map(\.kind) == ["deposit", "charge", "refund", "refund", "charge", "charge", "charge"])
        #expect(
            made.map(\.reference) == [
                "leaves:3", "leaves:4-5", "welcomed:7", "deleted-early:8", "leaves:9", "leaves:10", "leaves:11",
            ])
        #expect(made.map(\.time) == [day, day + 9, day + 11, day + 11, day + 12, 2 * day, 2 * day])
        #expect(made.map(\.previous) == [.zero] + made.dropLast().map(\.hash))
        #expect(
            texts(made[1]) == ["channel:C:available 0 14", "channel:C:held:base 10 0", "channel:C:held:storage 4 0"])
        // Computed from docs/protocol.md §9 by other code.
        #expect(made[0].hash.hex == "0xb04915341d5c6f98a63d8b9a735348d12c30999e93ff655e0b80a49c305d746c")
    }

    @Test func `each movement has two sides, and a closed channel's money goes to what is payable`() throws {
        let payable = "payable:\(Self.payer.hex)"
        for (movement, expected): (PayerMovement, [String]) in [
            (move(.topUp, whole: 3), ["channel:C:available 3 0", "deposited 0 3"]),
            (move(.topUp, whole: 3, isPayable: true), ["deposited 0 3", "\(payable) 3 0"]),
            (move(.cut, base: 4), ["channel:C:held:base 0 4", "paid:base 4 0"]),
            (move(.midnight, storage: 4), ["channel:C:held:storage 0 4", "paid:storage 4 0"]),
            (
                move(.refund(.refused), base: 1, storage: 2, isPayable: true),
                ["channel:C:held:base 0 1", "channel:C:held:storage 0 2", "\(payable) 3 0"]
            ),
            (
                move(.stake(.nodeAtFault), base: 1, storage: 2),
                ["channel:C:available 3 0", "returned:node-at-fault 0 3"]
            ),
            (
                move(.repayment(.declaredOutage), whole: 8),
                ["channel:C:available 8 0", "returned:declared-outage 0 8"]
            ),
            (move(.withdrawal, whole: 9), ["channel:C:available 0 9", "\(payable) 9 0"]),
            (move(.close, whole: 9), ["channel:C:available 0 9", "\(payable) 9 0"]),
            (PayerMovement(.claim, channel: nil, whole: 9), ["in:claim 0 9", "\(payable) 9 0"]),
            (PayerMovement(.payout, channel: nil, whole: 9), ["paid-out 9 0", "\(payable) 0 9"]),
        ] {
            let made = try entries([(movement, 1, 1, 1)])
            #expect(made.map(texts) == [expected], "\(movement.cause)")
        }
    }

    @Test func `a statement is refused where it is a unit off the sub-ledger, the books or itself`() throws {
        func statement(available: Amount = 93, held: Amount = 5, payable: Amount = 0, charged: Amount = 5)
            -> PayerStatement
        {
            PayerStatement(
                before: [.init(count: 1, move(.deposit, whole: 100))],
                within: [
                    .init(count: 1, move(.charge, base: charged, storage: 2)),
                    .init(count: 1, move(.midnight, storage: 2)),
                ],
                channels: [.init(id: Self.channel, available: available, held: RefundParts(base: held))],
                payable: (Self.payer, payable), owed: [])
        }
        let scope = try ReportScope(
            .payer(Self.payer), title: "", logID: .zero, period: .epoch(1), from: 1, to: 9, entries: nil,
            currency: "USD", scale: 12)
        let report = try statement().report(scope)
        #expect(report.opening[.available(Self.channel)] == 100)
        #expect(report.opening[.opening] == 100)
        #expect(report.closing[.available(Self.channel)] == 93)
        #expect(report.closing[.paid(.storage)] == 2)
        for (wrong, name) in [
            (statement(available: 92), "channels"), (statement(held: 6), "held"), (statement(payable: 1), "payables"),
            (statement(charged: 6), "channels"),
        ] {
            #expect {
                try wrong.report(scope)
            } throws: {
                guard case .check(let check, _, _) = $0 as? ReportError else { return false }
                return check.hasPrefix("\(name) row 1: closing = what the books say")
            }
        }
        #expect(throws: ReportError.self) { try statement(charged: 200).report(scope) }
    }

    @Test func `an operator's entries say where money came from, whatever the kind`() throws {
        let other = Address(hex: "0x" + String(repeating: "22", count: 20)) ?? .zero
        let accounts = OperatorAccounts(Self.payer, payout: Self.payer)
        func posted(_ kind: EntryKind, _ moves: (LedgerAccount, LedgerAccount, Amount)...) throws -> [String] {
            var draft = EntryDraft(kind, reference: "x")
            for (from, to, amount) in moves { try draft.move(amount, from: from, to: to) }
            var journal = OperatorJournal(accounts)
            let entry = try journal.take(LedgerEntry(draft, after: .origin, time: 1, epoch: 1))
            #expect(
                entry.postings.reduce(0) { $0 + $1.debit.units } == entry.postings.reduce(0) { $0 + $1.credit.units })
            return entry.postings.map {
                "\($0.account.name.replacing(Self.payer.hex, with: "O")) \($0.debit) \($0.credit)"
            }
        }
        #expect(
            try posted(.distribution, (.pool(1), .rewards(Self.payer), 5), (.pool(1), .rewards(other), 6)) == [
                "earned 0 5", "rewards:O 5 0",
            ])
        #expect(try posted(.stake, (.custody, .stake(Self.payer), 5)) == ["stake:O 5 0", "staked 0 5"])
        #expect(try posted(.cut, (.stake(Self.payer), .channels, 5)) == ["penalties 5 0", "stake:O 0 5"])
        #expect(
            try posted(.claim, (.rewards(Self.payer), .payable(Self.payer), 5)) == ["payable:O 5 0", "rewards:O 0 5"])
        #expect(
            try posted(.claim, (.rewards(other), .payable(Self.payer), 5)) == ["in:claim 0 5", "payable:O 5 0"])
        #expect(
            try posted(.claim, (.rewards(Self.payer), .payable(other), 5)) == ["out:claim 5 0", "rewards:O 0 5"])
        #expect(
            try posted(.correction, (.rewards(Self.payer), .pool(2), 5)) == ["out:correction 5 0", "rewards:O 0 5"])
        #expect(try posted(.close, (.channels, .payable(Self.payer), 5)) == ["in:close 0 5", "payable:O 5 0"])
        #expect(try posted(.payout, (.payable(Self.payer), .custody, 5)) == ["paid-out 5 0", "payable:O 0 5"])
    }
}
