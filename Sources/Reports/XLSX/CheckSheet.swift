import Rewards

/// States each check again in live formulas: a row a figure, and a row for the difference, which has to be 0.
///
/// The figures are added part by part (``AmountParts``) and put together only in the end. Of two sums that agree nothing
/// is left by then but carries, so that the difference is exact however many digits the sums have. Beside that the numbers
/// that are seen are added up, and have to be what the parts are, as long as 15 digits hold them.
struct CheckSheet {
    /// Columns, from the left.
    private enum Column: UInt16 {
        case check, figure, sign, value, exact, parts
        case difference = 10
        case agreement = 11
    }

    let sheet: Sheet
    let layouts: [String: (schedule: Schedule, layout: TableLayout)]
    private var row: UInt32 = 1

    init(_ sheet: Sheet, _ layouts: [String: (schedule: Schedule, layout: TableLayout)]) {
        self.sheet = sheet
        self.layouts = layouts
    }

    /// Writes all checks, and returns the columns that have to be 0.
    mutating func write(
        _ checks: [DecidedCheck], rowsOf schedules: [Schedule], _ journal: JournalSheets
    ) throws(ReportError) -> [CellRange] {
        try writeHeader()
        for check in checks { try write(check, journal) }
        for schedule in schedules { try writeRowChecks(of: schedule) }
        return [Column.difference, .agreement].map {
            CellRange(
                sheet: sheet.name, first: CellPlace(row: 1, column: $0.rawValue),
                last: CellPlace(row: max(row - 1, 1), column: $0.rawValue))
        }
    }

    private func writeHeader() throws(ReportError) {
        try sheet.setWidth(40, of: 0...1)
        try sheet.setWidth(20, of: 2...Column.agreement.rawValue)
        for (place, name) in ["check", "figure", "sign", "value", "exact"].enumerated() {
            try sheet.write(name, 0, UInt16(place), isBold: true)
        }
        for place in 0..<AmountParts.count {
            let power = AmountParts.decimals(at: place)
            try sheet.write("×10^\(power)", 0, Column.parts.rawValue + UInt16(place), isBold: true)
        }
        try sheet.write("difference, must be 0", 0, Column.difference.rawValue, isBold: true)
        try sheet.write("value - parts, must be 0", 0, Column.agreement.rawValue, isBold: true)
        sheet.freeze(above: 1)
    }

    private mutating func write(_ decided: DecidedCheck, _ journal: JournalSheets) throws(ReportError) {
        let firstRow = row
        for (term, figure) in zip(decided.check.terms, decided.figures) {
            try sheet.write(decided.check.name, row, Column.check.rawValue)
            try sheet.write(term.source.text, row, Column.figure.rawValue)
            try sheet.write(term.isSubtracted ? "less" : "plus", row, Column.sign.rawValue)
            let formulas = try CheckFormulas(term.source, layouts, journal)
            try sheet.write(formula: "=\(formulas.numbers)", value: figure.nearest, row, Column.value.rawValue)
            if figure.isBeyondNumbers { try sheet.write(figure.decimal, row, Column.exact.rawValue) }
            for (place, formula) in formulas.parts.enumerated() {
                try sheet.write(
                    formula: "=\(formula)", value: Double(figure[place]), row, Column.parts.rawValue + UInt16(place))
            }
            if !figure.isBeyondNumbers {
                let value = CellPlace(row: row, column: Column.value.rawValue).text
                try sheet.write(formula: "=\(value)-\(Self.joined(row))", value: 0, row, Column.agreement.rawValue)
            }
            row += 1
        }
        try sheet.write(decided.check.name, row, Column.check.rawValue, isBold: true)
        let difference = decided.difference
        for place in 0..<AmountParts.count {
            let column = Column.parts.rawValue + UInt16(place)
            let terms = decided.check.terms.enumerated().map { number, term in
                (term.isSubtracted ? "-" : "+") + CellPlace(row: firstRow + UInt32(number), column: column).text
            }
            try sheet.write(
                formula: "=" + (terms.isEmpty ? "0" : terms.joined()), value: Double(difference[place]), row, column,
                isTotal: true)
        }
        try sheet.write(formula: "=\(Self.joined(row))", value: 0, row, Column.difference.rawValue, isTotal: true)
        row += 1
    }

    /// A line for each check of a schedule's rows: what its differences come to.
    private mutating func writeRowChecks(of schedule: Schedule) throws(ReportError) {
        guard let layout = layouts[schedule.table.name]?.layout else { return }
        for (check, column) in zip(schedule.rowChecks, layout.differences) {
            try sheet.write("\(schedule.table.name): \(check.name)", row, Column.check.rawValue, isBold: true)
            try sheet.write("each row", row, Column.figure.rawValue)
            try sheet.write(
                formula: "=SUMPRODUCT(ABS(\(layout.range(column).text)))", value: 0, row,
                Column.difference.rawValue, isTotal: true)
            row += 1
        }
    }

    /// The five parts of a row put together.
    private static func joined(_ row: UInt32) -> String {
        AmountParts.joiningFormula { CellPlace(row: row, column: Column.parts.rawValue + UInt16($0)).text }
    }
}

/// The formulas of a figure.
private struct CheckFormulas {
    /// Of the numbers that are seen.
    let numbers: String
    /// Of the parts, the highest first.
    let parts: [String]

    init(
        _ source: ReportCheck.Source, _ layouts: [String: (schedule: Schedule, layout: TableLayout)],
        _ journal: JournalSheets
    ) throws(ReportError) {
        func range(_ schedule: String, _ column: String) throws(ReportError) -> (CellRange, parts: UInt16) {
            guard let (schedule, layout) = layouts[schedule], let place = schedule.table.place(of: column),
                let parts = layout.columns[place].parts
            else { throw .missing(name: source.text) }
            return (layout.range(layout.columns[place].numbers), parts)
        }
        let places = 0..<AmountParts.count
        switch source {
        case .column(let schedule, let column):
            let (cells, first) = try range(schedule, column)
            numbers = "SUM(\(cells.text))"
            parts = places.map { "SUM(\(cells.inColumn(first + UInt16($0)).text))" }
        case .cell(let schedule, let column, let row):
            let (cells, first) = try range(schedule, column)
            numbers = cells.cell(row)
            parts = places.map { cells.inColumn(first + UInt16($0)).cell(row) }
        case .journalDebits:
            numbers = journal.debits.map { "SUM(\($0.text))" }.joined(separator: "+")
            parts = places.map { place in
                journal.parts(place).map { "SUMIF(\($0.text),\">0\")" }.joined(separator: "+")
            }
        case .journalCredits:
            numbers = journal.credits.map { "SUM(\($0.text))" }.joined(separator: "+")
            parts = places.map { place in
                "-(" + journal.parts(place).map { "SUMIF(\($0.text),\"<0\")" }.joined(separator: "+") + ")"
            }
        }
    }
}
