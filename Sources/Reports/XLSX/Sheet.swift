import CXlsxWriter
import Primitives

/// Where a cell is; both count from 0.
struct CellPlace: Hashable {
    let row: UInt32
    let column: UInt16

    /// The name in formulas, `$AB$12`: fixed, because nothing here is made to be copied.
    var text: String { "$\(Self.letters(column))$\(row + 1)" }

    private static func letters(_ column: UInt16) -> String {
        var rest = Int(column) + 1
        var letters = ""
        while rest > 0 {
            letters = String(UnicodeScalar(UInt8(0x41 + (rest - 1) % 26))) + letters
            rest = (rest - 1) / 26
        }
        return letters
    }
}

/// A range of cells in a sheet.
struct CellRange: Hashable {
    let sheet: String
    let first: CellPlace
    let last: CellPlace

    /// The name in formulas. A sheet's name has no apostrophe.
    var text: String { "'\(sheet)'!\(first.text):\(last.text)" }

    /// One cell of the range's first column, rows counted from its first.
    func cell(_ row: Int) -> String {
        "'\(sheet)'!\(CellPlace(row: first.row + UInt32(row), column: first.column).text)"
    }

    /// The same rows in another column.
    func inColumn(_ column: UInt16) -> CellRange {
        CellRange(
            sheet: sheet, first: CellPlace(row: first.row, column: column),
            last: CellPlace(row: last.row, column: column))
    }
}

/// A sheet of a workbook under way. Rows are written from top to bottom.
struct Sheet {
    /// Digits that every spreadsheet keeps of a number.
    static let digitsMax = 15

    let name: String
    let pointer: UnsafeMutablePointer<lxw_worksheet>
    private let formats: CellFormats

    init(name: String, pointer: UnsafeMutablePointer<lxw_worksheet>, formats: CellFormats) {
        self.name = name
        self.pointer = pointer
        self.formats = formats
    }

    /// Writes a text, which stays one whatever it begins with.
    func write(_ text: String, _ row: UInt32, _ column: UInt16, isBold: Bool = false) throws(ReportError) {
        guard !text.isEmpty else { return }
        let escaped = CellText.escaped(text)
        guard text.utf16.count <= CellText.lengthMax, escaped.unicodeScalars.count <= CellText.lengthMax else {
            throw .cellText(length: text.utf16.count)
        }
        try Workbook.require(worksheet_write_string(pointer, row, column, escaped, isBold ? formats.bold : nil))
    }

    /// Writes a number of at most 15 digits, which is exact, or the nearest one that a spreadsheet can hold.
    func write(
        number: Double, _ row: UInt32, _ column: UInt16, isTotal: Bool = false
    ) throws(ReportError) {
        let format = isTotal ? formats.total : formats.number
        try Workbook.require(worksheet_write_number(pointer, row, column, number, format))
    }

    /// Writes a count: as a number where a spreadsheet keeps all its digits, otherwise as text.
    func write(count: UInt64, _ row: UInt32, _ column: UInt16) throws(ReportError) {
        guard count <= Self.exactMax else { return try write(String(count), row, column) }
        try Workbook.require(worksheet_write_number(pointer, row, column, Double(count), nil))
    }

    /// Writes an amount as a number, and as text in `exact` where it has more digits than numbers have.
    ///
    /// This is where money becomes floating point: a spreadsheet has no other numbers. Up to 15 digits nothing is lost;
    /// beyond them the text and the parts are what counts.
    func write(_ amount: Amount, _ row: UInt32, _ column: UInt16, exact: UInt16?) throws(ReportError) {
        try write(number: Double(amount.units), row, column)
        if let exact, amount.isBeyondNumbers { try write(amount.decimal, row, exact) }
    }

    /// Writes the parts of an amount, the highest first. Zeros stay empty: they add nothing, and most are.
    func write(_ parts: AmountParts, _ row: UInt32, firstColumn column: UInt16) throws(ReportError) {
        for place in 0..<AmountParts.count where parts[place] != 0 {
            try Workbook.require(
                worksheet_write_number(
                    pointer, row, column + UInt16(place), Double(parts[place]), nil))
        }
    }

    /// Writes a formula with the value that it has, for programs that show it without calculating.
    func write(
        formula: String, value: Double, _ row: UInt32, _ column: UInt16, isTotal: Bool = false
    ) throws(ReportError) {
        let format = isTotal ? formats.total : formats.number
        try Workbook.require(worksheet_write_formula_num(pointer, row, column, formula, format, value))
    }

    /// Writes a moment in UTC as the spreadsheet's count of days since 1899-12-30.
    func write(moment: UInt64, _ row: UInt32, _ column: UInt16) throws(ReportError) {
        let days = 25_569 + Double(moment) / Double(UTCDay.seconds)
        try Workbook.require(worksheet_write_number(pointer, row, column, days, formats.moment))
    }

    /// Sets the width of columns, in characters.
    func setWidth(_ width: Double, of columns: ClosedRange<UInt16>) throws(ReportError) {
        try Workbook.require(
            worksheet_set_column(pointer, columns.lowerBound, columns.upperBound, width, nil))
    }

    /// Folds columns away under a mark that opens them.
    func fold(_ columns: ClosedRange<UInt16>) throws(ReportError) {
        var options = lxw_row_col_options(hidden: 1, level: 1, collapsed: 0)
        try Workbook.require(
            worksheet_set_column_opt(pointer, columns.lowerBound, columns.upperBound, 12, nil, &options))
    }

    /// Keeps the rows above `row` in sight.
    func freeze(above row: UInt32) {
        worksheet_freeze_panes(pointer, row, 0)
    }

    static let exactMax: UInt64 = 999_999_999_999_999
}

extension Amount {
    /// Whether it has more than the 15 digits that a spreadsheet keeps.
    var isBeyondNumbers: Bool { self > Amount(UInt128(Sheet.exactMax)) }
}
