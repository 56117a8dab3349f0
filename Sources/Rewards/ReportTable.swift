public import Primitives

/// One value of a report. Amounts are exact, whatever the format.
public enum ReportCell: Hashable, Sendable {
    /// A name, an id, a date.
    case text(String)
    /// A count, a number, a time.
    case integer(UInt64)
    /// Money in the smallest unit.
    case amount(Amount)
    /// Nothing.
    case empty

    /// The cell's text, the same in each format.
    public var text: String {
        switch self {
        case .text(let text): text
        case .integer(let value): String(value)
        case .amount(let amount): amount.decimal
        case .empty: ""
        }
    }
}

/// A report's table: what each format is written from, so that the formats can't differ.
public struct ReportTable: Hashable, Sendable {
    /// The table's name, that of its files.
    public let name: String
    /// The columns' names.
    public let columns: [String]
    /// The rows, each with a cell a column.
    public let rows: [[ReportCell]]

    /// Makes a table.
    public init(name: String, columns: [String], rows: [[ReportCell]]) {
        for row in rows { precondition(row.count == columns.count, "a row has a cell for each column") }
        self.name = name
        self.columns = columns
        self.rows = rows
    }
}
