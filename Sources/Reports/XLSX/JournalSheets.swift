import Ledger
import Primitives

/// The journal, a row a posting. Where a sheet is full it goes on in the next.
struct JournalSheets {
    /// Columns, from the left.
    private enum Column: UInt16 {
        case entry, moment, time, epoch, kind, reference, account, debit, credit, exact, hash, parts
    }

    private static let names = [
        "entry", "UTC", "Unix time", "epoch", "kind", "reference", "account", "debit", "credit", "exact", "hash",
    ]

    private let workbook: Workbook
    private let rowsMax: UInt32
    private var sheet: Sheet
    private var row: UInt32 = 1
    /// The rows of the sheets that are full.
    private var full: [CellRange] = []

    init(_ workbook: Workbook, rowsMax: UInt32) throws(ReportError) {
        self.workbook = workbook
        self.rowsMax = rowsMax
        sheet = try Self.makeSheet(workbook)
    }

    private static func makeSheet(_ workbook: Workbook) throws(ReportError) -> Sheet {
        let sheet = try workbook.addSheet("Journal")
        try sheet.setWidth(20, of: 0...Column.exact.rawValue)
        let parts = Column.parts.rawValue
        try sheet.fold(parts...(parts + UInt16(AmountParts.count) - 1))
        for (place, name) in names.enumerated() { try sheet.write(name, 0, UInt16(place), isBold: true) }
        for place in 0..<AmountParts.count {
            try sheet.write("×10^\(AmountParts.decimals(at: place))", 0, parts + UInt16(place))
        }
        sheet.freeze(above: 1)
        return sheet
    }

    mutating func append(_ checked: CheckedEntry) throws(ReportError) {
        let hash = checked.entry.hash.hex
        for posting in checked.entry.postings {
            if row == rowsMax {
                full.append(rows)
                sheet = try Self.makeSheet(workbook)
                row = 1
            }
            try append(posting, of: checked.entry, hash: hash)
            row += 1
        }
    }

    private func append(_ posting: JournalEntry.Posting, of entry: JournalEntry, hash: String) throws(ReportError) {
        let isDebit = posting.debit > .zero
        let amount = isDebit ? posting.debit : posting.credit
        try sheet.write(count: entry.number, row, Column.entry.rawValue)
        try sheet.write(moment: entry.time, row, Column.moment.rawValue)
        try sheet.write(count: entry.time, row, Column.time.rawValue)
        try sheet.write(count: entry.epoch, row, Column.epoch.rawValue)
        try sheet.write(entry.kind, row, Column.kind.rawValue)
        try sheet.write(entry.reference, row, Column.reference.rawValue)
        try sheet.write(posting.account.name, row, Column.account.rawValue)
        try sheet.write(
            amount, row, (isDebit ? Column.debit : .credit).rawValue, exact: Column.exact.rawValue)
        try sheet.write(hash, row, Column.hash.rawValue)
        try sheet.write(
            AmountParts(amount, isNegative: !isDebit), row, firstColumn: Column.parts.rawValue)
    }

    /// The rows of the debits' numbers, a range a sheet.
    var debits: [CellRange] { ranges(Column.debit.rawValue) }
    /// The rows of the credits' numbers, a range a sheet.
    var credits: [CellRange] { ranges(Column.credit.rawValue) }
    /// The rows of a part, 0 the highest: debits above zero, credits below. A range a sheet.
    func parts(_ place: Int) -> [CellRange] { ranges(Column.parts.rawValue + UInt16(place)) }

    private func ranges(_ column: UInt16) -> [CellRange] {
        (full + [rows]).map { $0.inColumn(column) }
    }

    /// The rows of the sheet that is being written.
    private var rows: CellRange {
        CellRange(
            sheet: sheet.name, first: CellPlace(row: 1, column: 0), last: CellPlace(row: max(row - 1, 1), column: 0))
    }
}
