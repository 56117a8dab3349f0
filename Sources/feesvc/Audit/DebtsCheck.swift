import Channels
import Ledger
import Primitives
import Rewards

/// What pools owe, channel by channel, against the log: every new debt adds up to its leaf, and what the pool paid is each
/// debt's part of what it had.
struct DebtsCheck {
    private static let place = "debts.csv"

    private let replay: EpochReplay
    private let firstIndex: UInt64

    init(_ replay: EpochReplay, opening: EpochOpening) {
        self.replay = replay
        firstIndex = opening.size
    }

    func check(_ folder: AuditFolder, closing: [LedgerAccount: AccountTotals]) throws {
        let file = try CSVFile(try folder.bytes(Self.place), columns: DebtRow.form.columns, name: Self.place)
        var debts: [Amount] = []
        var paid: [Amount] = []
        var sums: [UInt64: Amount] = [:]
        var table = try TableCheck(DebtRow.form, in: folder)
        for row in file.rows {
            guard let index = UInt64(row[0]), let owed = Amount(decimal: row[3]), let part = Amount(decimal: row[4])
            else {
                throw AuditDifference(Self.place, "row", expected: "a debt", found: row.joined(separator: ","))
            }
            debts.append(owed)
            paid.append(part)
            if index >= firstIndex { sums[index] = try (sums[index] ?? .zero).adding(owed) }
            try table.expect([.integer(index), .text(row[1]), .text(row[2]), .amount(owed), .amount(part)])
        }
        try table.finish()
        for (index, amount) in replay.refunds.debts.sorted(by: { $0.key < $1.key }) {
            try AuditDifference.check(
                Self.place, "debts of leaf \(index)", expected: amount, found: sums[index] ?? .zero)
        }
        try checkPayment(debts, paid, closing)
    }

    private func checkPayment(
        _ debts: [Amount], _ paid: [Amount], _ closing: [LedgerAccount: AccountTotals]
    ) throws {
        let repaid = replay.refunds.repayment?.paid ?? .zero
        let owed = try replay.refunds.owed.adding(repaid)
        try AuditDifference.check(Self.place, "owed", expected: owed, found: try Amount.sum(debts))
        try AuditDifference.check(Self.place, "paid", expected: repaid, found: try Amount.sum(paid))
        let pool = LedgerAccount.pool(replay.epoch)
        let left = try (closing[pool] ?? AccountTotals()).balance(of: pool)
        let parts = try Repayment.parts(of: try left.adding(repaid), debts: debts)
        for (place, (expected, found)) in zip(parts, paid).enumerated() where expected != found {
            throw AuditDifference(Self.place, "payment in row \(place + 1)", expected: expected, found: found)
        }
    }
}
