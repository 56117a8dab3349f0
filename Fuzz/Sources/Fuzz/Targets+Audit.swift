import Channels
import Ledger
import Primitives
import Rewards

@testable import feesvc

/// An audit of an epoch that somebody made up.
let auditTargets: [FuzzTarget] = [
    FuzzTarget(
        "audit", memory: .init(fixed: 1 << 19, perByte: 512),
        seeds: {
            [
                try AuditInput.sample().bytes, try AuditInput.laterSample().bytes,
                try AuditInput.rolledBackSample().bytes,
            ]
        }, run: testAudit),
    FuzzTarget(
        "ledger", memory: .init(fixed: 1 << 18, perByte: 512), seeds: { [LedgerInput.sample.bytes] }, run: testLedger),
    FuzzTarget("journal-csv", memory: .init(fixed: 1 << 18, perByte: 512), seeds: journalSeeds, run: testJournal),
]

private func testAudit(_ bytes: [UInt8]) {
    guard let input = try? AuditInput(bytes), let opening = try? input.opening() else { return }
    do {
        var replay = try EpochReplay(opening)
        let log = AuditInput.place(input.log, from: input.size, of: replay.genesis)
        // What keeps no charge that is not named has to say the same.
        var sparing = try EpochReplay(opening, keeping: NamedCharges(log))
        for charge in input.charges {
            try replay.open(charge)
            try sparing.open(charge)
        }
        for leaf in log {
            var refusals: [String] = []
            do { try replay.apply(leaf) } catch { refusals.append("\(error)") }
            do { try sparing.apply(leaf) } catch { refusals.append("\(error)") }
            // A sum that is too large is found when it is made, which is at other leaves.
            if refusals.contains(where: { $0.contains("overflow") }) { return }
            require(refusals.isEmpty || refusals.count == 2 && refusals[0] == refusals[1], "\(refusals)")
            guard refusals.isEmpty else { return }
        }
        let held = try replay.heldNow()
        require(try sparing.heldNow() == held, "what is held depends on what is kept")
        let head = LogHead(
            logID: replay.genesis.logID, size: replay.frontier.size, root: replay.frontier.root, time: 0, epoch: 0)
        let signature = AuditInput.logKey.sign(replay.genesis.domain.digest(of: head.statement))
        let seal = AuditInput.place(input.seal, from: replay.frontier.size, of: replay.genesis)
        let audit = try EpochAudit(
            opening: opening, held: input.charges, log: log, seal: seal,
            head: SignedHead(head: head, signature: signature))
        _ = EpochTables.rewards(audit.replay, audit.result)
        _ = try EpochTables.summary(audit.replay.epoch, audit.replay, audit.result)
    } catch {
        _ = "\(error)"
    }
}

/// Input: journal and opening balances in bytes. They are written as tables and read again.
private func testLedger(_ bytes: [UInt8]) {
    guard let input = try? LedgerInput(bytes) else { return }
    do {
        let journal = try JournalFile(LedgerInput.table(input.entries))
        require(
            journal.entries == input.entries.filter { !$0.postings.isEmpty }, "a journal is another once it was read")
        let closing = try TrialBalanceFile(input.balanceTable).closing(after: journal.entries)
        let conservation = try Balances(totals: closing).conservation()
        _ = try TrialBalance.table(opening: input.opening, closing: closing)
        let opening = try Balances(totals: input.opening).conservation()
        require(
            opening.custody != opening.liabilities || conservation.custody == conservation.liabilities,
            "entries made or lost money")
    } catch {
        _ = "\(error)"
    }
}

@Sendable private func journalSeeds() -> [[UInt8]] {
    [LedgerInput.table(LedgerInput.sample.entries), LedgerInput.sample.balanceTable]
}

private func testJournal(_ bytes: [UInt8]) {
    do {
        let balances = try TrialBalanceFile(bytes)
        _ = try balances.closing(after: [])
    } catch {
        require(error is AuditDifference, "balances were refused by \(error)")
    }
    do {
        _ = try JournalFile(bytes).entries
    } catch {
        require(error is AuditDifference, "a journal was refused by \(error)")
    }
}
