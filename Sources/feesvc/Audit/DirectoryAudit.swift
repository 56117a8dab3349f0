import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage

/// Audits an exported directory without database or network: hashes, inputs, result, tables, journal, balances.
///
/// Log, charges and journal are read part by part, so that memory grows with accounts, nodes and single decisions, and not
/// with charges.
struct DirectoryAudit {
    let epoch: UInt64
    let audit: EpochAudit
    /// The ledger's totals at the edge.
    let closing: [LedgerAccount: AccountTotals]
    /// The ledger's totals before the epoch.
    let opening: [LedgerAccount: AccountTotals]
    /// The journal's first entry.
    let firstEntry: LedgerEntry?
    /// Where the journal ends.
    let lastEntry: EntryAnchor?
    /// The state before the epoch's first leaf.
    let start: EpochReplay
    /// The hashes of the leaves of its seal, by index.
    let seal: [UInt64: Bytes32]
    /// The results of this epoch and of those that were audited before it.
    let results: [UInt64: EpochResult]

    /// Audits one epoch's directory.
    ///
    /// - Parameter previous: the epoch before, whose end this one's beginning must be.
    init(path: String, after previous: DirectoryAudit? = nil) throws {
        let folder = try AuditFolder(path)
        let opening = try InputFiles.opening(try folder.bytes("opening.json"))
        start = try Self.start(opening, folder, after: previous)
        let seal = try InputFiles.leaves(try folder.bytes("seal.csv"), file: "seal.csv")
        self.seal = Dictionary(seal.map { ($0.index, $0.hash) }) { first, _ in first }
        // The journal says nothing about the log until both are known; what is wrong with it is told in its turn.
        let posting = try Aside { () -> (TrialBalanceFile, JournalPosting, JournalSums) in
            let balances = try TrialBalanceFile(try folder.bytes("trial-balance.csv"))
            let (journal, sums) = try Self.post(folder, onto: balances)
            return (balances, journal, sums)
        }
        let (replay, later) = try Self.replay(folder, from: start, after: previous)
        audit = try EpochAudit(
            replay, opening: opening, seal: seal,
            head: try AuditDifference.inPlace("head.csv") { try InputFiles.head(try folder.bytes("head.csv")) })
        epoch = replay.epoch
        results = (previous?.results ?? [:]).merging([epoch: audit.result]) { _, new in new }
        try folder.compare(EpochTables.summary(epoch, audit.replay, audit.result))
        try folder.compare(EpochTables.rewards(audit.replay, audit.result))
        // Said now that the log is known to be the one that was signed: it is what the others are compared with.
        if let later { throw later }

        let (balances, journal, sums) = try posting.value()
        self.opening = balances.opening.filter { $0.value != AccountTotals() }
        closing = journal.closing
        try folder.compare(TrialBalance.table(opening: balances.opening, closing: closing))
        firstEntry = journal.first
        lastEntry = journal.last
        try LedgerTies(audit: audit, sums: sums, last: journal.last, closing: closing).check()
        if let end = audit.replay.journalEnd {
            try SolvencyCheck.check(
                try folder.bytes(SolvencyCheck.file), log: audit.replay.genesis.logID, end: end, closing: closing)
        }
        if let previous { try EpochTie.checkLedger(self, after: previous) }
        try Self.checkRefunds(folder, audit.replay)
        try DebtsCheck(audit.replay, opening: opening).check(folder, closing: closing)
    }

    /// The state before the epoch; it has to be the one at the end of the epoch before.
    private static func start(
        _ opening: EpochOpening, _ folder: AuditFolder, after previous: DirectoryAudit?
    ) throws -> EpochReplay {
        let named = try NamedCharges(try folder.source("log.csv"))
        var start = try AuditDifference.inPlace("opening.json") { try EpochReplay(opening, keeping: named) }
        if let previous { try EpochTie.checkOpening(opening, start, after: previous.audit) }
        var tie = previous.map { HeldTie(end: $0.audit.replay.held) }
        try InputFiles.forEachHeld(try folder.source("held.csv")) { charge in
            try tie?.take(charge)
            try start.open(charge)
        }
        try tie?.finish()
        return start
    }

    /// Replays the log. What else has to agree with its leaves is compared on the way; the first difference is told beside.
    private static func replay(
        _ folder: AuditFolder, from start: EpochReplay, after previous: DirectoryAudit?
    ) throws -> (EpochReplay, AuditDifference?) {
        var replay = start
        var others = try LogCompanions(folder, after: previous)
        defer { others.stop() }
        try LogWalk.forEachPart(try folder.source("log.csv")) { leaves in
            try others.take(leaves)
            for leaf in leaves { try replay.apply(leaf) }
        }
        return (replay, try others.finish())
    }

    /// Posts the journal onto the balances before it, and compares its two files with what it says.
    private static func post(
        _ folder: AuditFolder, onto balances: TrialBalanceFile
    ) throws -> (JournalPosting, JournalSums) {
        var journal = JournalPosting(opening: balances.opening)
        var sums = JournalSums()
        var table = try TableCheck(EpochTables.journal, in: folder)
        try JournalFile.forEachEntry(try folder.source("journal.csv")) { entry in
            for row in EpochTables.rows(entry) { try table.expect(row) }
            try journal.post(entry)
            try sums.add(entry)
        }
        try table.finish()
        return (journal, sums)
    }

    private static func checkRefunds(_ folder: AuditFolder, _ replay: EpochReplay) throws {
        let columns = EpochTables.refundColumns
        let rows = try CSVFile(try folder.bytes("refunds.csv"), columns: columns, name: "refunds.csv").rows
        var moved = replay.refunds.repayment?.paid ?? .zero
        for row in rows where row[4] != RefundSource.pool.rawValue {
            moved = try moved.adding(Amount(decimal: row[5]) ?? .max)
        }
        try AuditDifference.check("refunds.csv", "sum", expected: replay.flows.refunded, found: moved)
        for row in rows { try RefundEvidence.check(row, replay) }
        let table = ReportTable(
            name: "refunds", columns: columns,
            rows: rows.map { row in
                row.enumerated().map { place, text in
                    switch place {
                    case 0, 1: UInt64(text).map(ReportCell.integer) ?? .text(text)
                    case 5: Amount(decimal: text).map(ReportCell.amount) ?? .text(text)
                    default: .text(text)
                    }
                }
            })
        try folder.compare(table)
    }
}

/// What has to agree with the log leaf by leaf: the table of charges, which is compared beside, and the seal of the epoch before.
private struct LogCompanions {
    private let charges: ChargesCheck
    private var seal: SealTie?
    private var difference: AuditDifference?

    init(_ folder: AuditFolder, after previous: DirectoryAudit?) throws {
        charges = try ChargesCheck(folder)
        seal = previous.map { SealTie(epoch: $0.epoch, seal: $0.seal) }
    }

    mutating func take(_ leaves: [ReadLeaf]) throws {
        try unlessDiffering {
            try $0.seal?.take(leaves)
            try $0.charges.take(leaves)
        }
    }

    /// The first difference, `nil` where there is none.
    mutating func finish() throws -> AuditDifference? {
        try unlessDiffering {
            try $0.charges.finish()
            try $0.seal?.finish()
        }
        return difference
    }

    /// Waits for what is under way; nobody asks any more what it found.
    func stop() { charges.stop() }

    private mutating func unlessDiffering(_ body: (inout LogCompanions) throws -> Void) throws {
        guard difference == nil else { return }
        do {
            try body(&self)
        } catch let found as AuditDifference {
            difference = found
        }
    }
}
