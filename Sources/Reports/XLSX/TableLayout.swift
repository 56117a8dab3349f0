import Primitives
import Rewards

/// Where a schedule's columns are in its sheet.
///
/// A column of amounts has its numbers, beside them the exact texts if one of them has more than 15 digits, and behind all
/// visible columns its parts (``AmountParts``), if a check needs them. Each check of the rows has a column of differences.
struct TableLayout {
    static let headerRow: UInt32 = 2
    static let firstRow: UInt32 = 3

    struct Column {
        let numbers: UInt16
        let exact: UInt16?
        let parts: UInt16?
    }

    let sheet: String
    let rowCount: Int
    let columns: [Column]
    /// The columns of differences, one a check of the rows.
    let differences: [UInt16]
    /// Columns that are seen, from 0.
    let visibleCount: UInt16
    /// Columns in all.
    let count: UInt16

    /// - Parameter summed: The names of the columns that checks of the report add up.
    init(_ schedule: Schedule, sheet: String, summed: Set<String>) {
        let table = schedule.table
        var next: UInt16 = 0
        var visible: [(numbers: UInt16, exact: UInt16?)] = []
        for place in table.columns.indices {
            let hasExact = table.isBeyondNumbers(place, isTotalled: schedule.totals.contains(table.columns[place]))
            visible.append((next, hasExact ? next + 1 : nil))
            next += hasExact ? 2 : 1
        }
        differences = schedule.rowChecks.indices.map { next + UInt16($0) }
        next += UInt16(schedule.rowChecks.count)
        visibleCount = next

        var needed = summed
        for check in schedule.rowChecks where table.isBeyondNumbers(check.columns) { needed.formUnion(check.columns) }
        var columns: [Column] = []
        for (name, column) in zip(table.columns, visible) {
            let isNeeded = needed.contains(name)
            columns.append(Column(numbers: column.numbers, exact: column.exact, parts: isNeeded ? next : nil))
            if isNeeded { next += UInt16(AmountParts.count) }
        }
        self.sheet = sheet
        self.columns = columns
        rowCount = table.rows.count
        count = next
    }

    /// The rows of a sheet's column. An empty table has one empty row.
    func range(_ column: UInt16) -> CellRange {
        CellRange(
            sheet: sheet, first: CellPlace(row: Self.firstRow, column: column),
            last: CellPlace(row: totalRow - 1, column: column))
    }

    /// The row of the totals.
    var totalRow: UInt32 { Self.firstRow + UInt32(max(rowCount, 1)) }
}

extension Schedule.RowCheck {
    /// All columns of the check.
    var columns: [String] { added + subtracted }
}

extension ReportTable {
    /// Whether an amount of a column, or the column's total, has more than the 15 digits that a spreadsheet keeps.
    fileprivate func isBeyondNumbers(_ place: Int, isTotalled: Bool) -> Bool {
        let hasLong = rows.contains { row in
            if case .amount(let amount) = row[place] { amount.isBeyondNumbers } else { false }
        }
        return hasLong || (isTotalled && sum(ofColumn: place).isBeyondNumbers)
    }

    /// Whether one of some columns has an amount of more than 15 digits.
    func isBeyondNumbers(_ columns: [String]) -> Bool {
        columns.compactMap(place(of:)).contains { isBeyondNumbers($0, isTotalled: false) }
    }
}

extension AmountParts {
    /// Whether the sum has more than the 15 digits that a spreadsheet keeps.
    var isBeyondNumbers: Bool { decimal.drop { $0 == "-" }.count > Sheet.digitsMax }
}
