import Channels
import Ledger
import Primitives
import Rewards

/// Where the journal has to agree with what the log's leaves add up to.
struct LedgerTies {
    let audit: EpochAudit
    let sums: JournalSums
    /// Where the journal ends.
    let last: EntryAnchor?
    let closing: [LedgerAccount: AccountTotals]

    func check() throws {
        if let last, let end = audit.replay.journalEnd {
            try AuditDifference.check(
                "journal.csv", "last entry, as the log's edge has it", expected: "\(end.number) \(end.hash)",
                found: "\(last.number) \(last.hash)")
        }
        try checkFlows()
        let pool = LedgerAccount.pool(audit.replay.epoch)
        let held = try audit.replay.heldNow()
        for (part, amount) in [
            (LedgerAccount.HeldPart.base, try held.base.adding(held.congestion)), (.storage, held.storage),
            (.postage, held.postage),
        ] {
            try tie("balance of held:\(part.rawValue)", amount, try balance(.held(part)))
        }
        try tie("balance of \(pool.name)", audit.result.pool, try balance(pool))
        for (epoch, result) in audit.replay.resultsLogged {
            try tie("rewards of epoch \(epoch)", result.rewards, sums.rewards(by: "distribution:\(epoch)"))
        }
        let conservation = try Balances(totals: closing).conservation()
        try tie("custody against all other accounts", conservation.liabilities, conservation.custody)
    }

    private func checkFlows() throws {
        let flows = audit.replay.flows
        let pool = LedgerAccount.pool(audit.replay.epoch)
        try tie(
            "charged", flows.charged, try sums.credits(of: .charge) { if case .held = $0 { true } else { false } })
        for (kind, name, amount) in [
            (EntryKind.midnight, "storage captured", flows.storage), (.cut, "base captured", flows.base),
            (.postage, "postage captured", flows.postage),
        ] {
            try tie(name, amount, try sums.credits(of: kind) { $0 == pool })
        }
        try tie("granted", audit.replay.rewards.grants, try sums.credits(of: .grant) { $0 == pool })
        let corrected = audit.replay.rewards.corrected
        try tie("corrected into the pool", corrected.into, try sums.credits(of: .correction) { $0 == pool })
        try tie("corrected out of the pool", corrected.outOf, try sums.debits(of: .correction) { $0 == pool })
        try tie("congestion captured", flows.congestion, try sums.credits(of: .cut) { $0 == .protocolIncome })
        let isPayer = { (account: LedgerAccount) -> Bool in
            switch account {
            case .channels, .payable: true
            default: false
            }
        }
        try tie(
            "refunded", flows.refunded,
            try Amount.sum([EntryKind.cut, .postage, .refund].map { try sums.credits(of: $0, to: isPayer) }))
    }

    private func tie(_ what: String, _ expected: Amount, _ found: Amount) throws {
        try AuditDifference.check("journal.csv and trial-balance.csv", what, expected: expected, found: found)
    }

    private func balance(_ account: LedgerAccount) throws -> Amount {
        try (closing[account] ?? AccountTotals()).balance(of: account)
    }
}
