import Channels
import Foundation
import Ledger
import Primitives
import Rewards

/// Audits an exported directory without database or network: hashes, inputs, result, tables, journal, balances.
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
    /// The epoch's leaves by index.
    let log: [UInt64: LogLeaf]
    /// The leaves of its seal.
    let seal: [LogLeaf]

    /// Audits one epoch's directory.
    ///
    /// - Parameter previous: the epoch before, whose end this one's beginning must be.
    init(path: String, after previous: DirectoryAudit? = nil) throws {
        let files = try Self.read(path)
        func file(_ name: String) throws -> [UInt8] {
            guard let bytes = files[name] else { throw AuditDifference(path, "file", expected: name, found: "none") }
            return bytes
        }
        let log = try InputFiles.leaves(try file("log.csv"), file: "log.csv")
        let opening = try InputFiles.opening(try file("opening.json"))
        start = try AuditDifference.inPlace("opening.json") { try EpochReplay(opening) }
        if let previous { try EpochTie.checkOpening(opening, start, after: previous) }
        seal = try InputFiles.leaves(try file("seal.csv"), file: "seal.csv")
        self.log = Dictionary(log.map { ($0.index, $0) }) { first, _ in first }
        audit = try EpochAudit(
            opening: opening, log: log, seal: seal,
            head: try AuditDifference.inPlace("head.csv") { try InputFiles.head(try file("head.csv")) })
        epoch = audit.replay.epoch
        try Self.compare(EpochTables.summary(epoch, audit.replay, audit.result), file)
        try Self.compare(EpochTables.rewards(audit.replay, audit.result), file)
        try Self.compare(try EpochTables.charges(log, opened: try Self.opened(try file("charges.csv"), log)), file)

        let journal = try JournalFile(try file("journal.csv"))
        let balances = try TrialBalanceFile(try file("trial-balance.csv"))
        try Self.compare(EpochTables.journal(journal.entries), file)
        self.opening = balances.opening.filter { $0.value != AccountTotals() }
        closing = try balances.closing(after: journal.entries)
        try Self.compare(TrialBalance.table(opening: balances.opening, closing: closing), file)
        firstEntry = journal.entries.first
        lastEntry = journal.entries.last?.anchor
        try LedgerTies(audit: audit, journal: journal.entries, closing: closing).check()
        if let previous { try EpochTie.checkLedger(self, after: previous) }
        try Self.checkRefunds(try file("refunds.csv"), try file("refunds.json"), audit.replay)
    }

    private static func read(_ path: String) throws -> [String: [UInt8]] {
        let manifest: [UInt8]
        do {
            manifest = Array(try Data(contentsOf: URL(fileURLWithPath: path + "/manifest.csv")))
        } catch {
            throw OperatorError("\(path) is not an exported epoch: it has no readable manifest.csv.")
        }
        var files: [String: [UInt8]] = [:]
        for fields in try CSVFile(manifest, columns: ["file", "sha256"], name: "manifest.csv").rows {
            let name = fields[0]
            guard !name.contains("/"), let data = try? Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) else {
                throw AuditDifference("manifest.csv", "file \(name)", expected: "readable", found: "not readable")
            }
            try AuditDifference.check(name, "SHA-256", expected: fields[1], found: SHA256.hash(Array(data)).hex)
            files[name] = Array(data)
        }
        return files
    }

    private static func compare(_ table: ReportTable, _ file: (String) throws -> [UInt8]) throws {
        for (name, expected) in [
            (table.name + ".csv", TableWriter.csv(table)), (table.name + ".json", TableWriter.json(table)),
        ] {
            let found = try file(name)
            guard found != expected else { continue }
            let mine = String(decoding: expected, as: UTF8.self).split(whereSeparator: \.isNewline)
            let theirs = String(decoding: found, as: UTF8.self).split(whereSeparator: \.isNewline)
            let line = zip(mine, theirs).enumerated().first { $0.element.0 != $0.element.1 }
            throw AuditDifference(
                "\(name), line \((line?.offset ?? min(mine.count, theirs.count)) + 1)", "line",
                expected: line.map { String($0.element.0) } ?? "\(mine.count) lines",
                found: line.map { String($0.element.1) } ?? "\(theirs.count) lines")
        }
    }

    /// Channels and salts as the file has them, each checked against the commitment in the log.
    private static func opened(
        _ bytes: [UInt8], _ log: [LogLeaf]
    ) throws -> [UInt64: (channel: Bytes32, salt: Bytes32)] {
        var opened: [UInt64: (channel: Bytes32, salt: Bytes32)] = [:]
        let commitments = try Dictionary(
            log.compactMap { leaf in try leaf.charge().map { (leaf.index, $0.commitment) } }
        ) { first, _ in first }
        for fields in try CSVFile(bytes, columns: EpochTables.chargeColumns, name: "charges.csv").rows {
            guard let index = UInt64(fields[1]), let channel = Bytes32(hex: fields[11]),
                let salt = Bytes32(hex: fields[12])
            else { throw AuditDifference("charges.csv", "row", expected: "index, channel, salt", found: fields[1]) }
            try AuditDifference.check(
                "charges.csv, leaf \(index)", "commitment", expected: commitments[index]?.hex ?? "none",
                found: Charge.commitment(to: channel, salt: salt).hex)
            opened[index] = (channel, salt)
        }
        return opened
    }

    private static func checkRefunds(_ csv: [UInt8], _ json: [UInt8], _ replay: EpochReplay) throws {
        let columns = ["log_index", "charge", "part", "ground", "amount", "channel", "evidence"]
        let rows = try CSVFile(csv, columns: columns, name: "refunds.csv").rows
        let total = try Amount.sum(rows.map { Amount(decimal: $0[4]) ?? .max })
        try AuditDifference.check("refunds.csv", "sum", expected: replay.flows.refunded, found: total)
        for row in rows { try RefundEvidence.check(row, replay) }
        let table = ReportTable(
            name: "refunds", columns: columns,
            rows: rows.map { row in
                row.enumerated().map { place, text in
                    switch place {
                    case 0, 1: UInt64(text).map(ReportCell.integer) ?? .text(text)
                    case 4: Amount(decimal: text).map(ReportCell.amount) ?? .text(text)
                    default: .text(text)
                    }
                }
            })
        try compare(table) { $0 == "refunds.csv" ? csv : json }
    }
}
