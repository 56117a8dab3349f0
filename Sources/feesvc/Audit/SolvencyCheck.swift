import Foundation
import Ledger
import Primitives
import Rewards

/// What an export states that is owed at the edge, against the journal that it holds.
///
/// The root can't be recomputed: it is over each channel by itself and salts, which are not in an export. That is for those
/// who hold proofs.
enum SolvencyCheck {
    static let file = "solvency.json"

    /// - Parameter end: where the journal ends, as the log's edge has it.
    static func check(
        _ bytes: [UInt8], log: Bytes32, end: EntryAnchor, closing: [LedgerAccount: AccountTotals]
    ) throws {
        guard let body = try? JSONDecoder().decode(SolvencyBody.self, from: Data(bytes)) else {
            throw AuditDifference(file, "content", expected: "a statement of what is owed", found: "something else")
        }
        try AuditDifference.check(file, "logId", expected: log, found: body.logId)
        try AuditDifference.check(file, "entry", expected: end.number, found: body.entry)
        try AuditDifference.check(file, "entryHash", expected: end.hash, found: body.entryHash)
        let sums = try Balances(totals: closing).conservation()
        try AuditDifference.check(file, "total", expected: sums.liabilities, found: body.total)
        try AuditDifference.check(file, "custody", expected: sums.custody, found: body.custody)
        try checkLeaves(body.leaves, closing)
        try AuditDifference.check(file, "statement", expected: body.stated.hash, found: body.statement)
    }

    /// One for each account that is owed something; of the channels only what all of them have is known.
    private static func checkLeaves(_ found: UInt64, _ closing: [LedgerAccount: AccountTotals]) throws {
        var accounts: UInt64 = 0
        var channels = Amount.zero
        for (account, totals) in closing where !account.isAsset {
            let owed = try totals.balance(of: account)
            if account == .channels {
                channels = owed
            } else if owed > .zero {
                accounts += 1
            }
        }
        // No channel is left out that has a unit, and none is in there without one.
        let ofChannels = found >= accounts ? UInt128(found - accounts) : 0
        guard found >= accounts, ofChannels <= channels.units, (ofChannels == 0) == (channels == .zero) else {
            throw AuditDifference(
                file, "leaves", expected: "one for each of \(accounts) accounts and each channel", found: found)
        }
    }
}
