import Primitives
public import Rewards

/// A schedule of a report: a small table with a title, and what a workbook makes of it.
public struct Schedule: Hashable, Sendable {
    /// A chart of one column over another.
    public struct Chart: Hashable, Sendable {
        /// Above the chart.
        public let title: String
        /// The column whose cells name the bars.
        public let categories: String
        /// The column whose cells are the bars.
        public let values: String

        /// Makes a chart.
        public init(title: String, categories: String, values: String) {
            self.title = title
            self.categories = categories
            self.values = values
        }
    }

    /// Columns that agree in each row: the sum of some is the sum of the others.
    public struct RowCheck: Hashable, Sendable {
        /// What agrees, in words.
        public let name: String
        /// Columns that are added.
        public let added: [String]
        /// Columns that are subtracted.
        public let subtracted: [String]

        /// Makes a check: the columns of `added` and of `subtracted` have one sum in each row.
        public init(_ name: String, _ added: [String], equal subtracted: [String]) {
            self.name = name
            self.added = added
            self.subtracted = subtracted
        }

        /// A roll-forward: opening + additions = reductions + closing.
        public static func rollForward(
            opening: String, additions: [String], reductions: [String], closing: String
        ) -> RowCheck {
            RowCheck(
                "opening + additions = reductions + closing", [opening] + additions, equal: reductions + [closing])
        }

        /// Those of a trial balance with the columns of the export's `trial-balance`.
        public static let trialBalance = [
            RowCheck("opening + movements = closing, debits", ["opening_debits", "debits"], equal: ["closing_debits"]),
            RowCheck(
                "opening + movements = closing, credits", ["opening_credits", "credits"], equal: ["closing_credits"]),
        ]
    }

    /// The schedule's title.
    public let title: String
    /// Its content. The table's name is that of its file and of its member in JSON.
    public let table: ReportTable
    /// The columns that are added up below the table, in a workbook.
    public let totals: [String]
    /// What has to agree in each row.
    public let rowChecks: [RowCheck]
    /// Its chart, in a workbook.
    public let chart: Chart?

    /// Makes a schedule.
    ///
    /// Throws ``ReportError/duplicate(name:)`` where two columns have one name, ``ReportError/missing(name:)`` where a
    /// total, a check or the chart names a column that is not there, and ``ReportError/check(name:added:subtracted:)`` where
    /// a row does not agree.
    public init(
        _ title: String, _ table: ReportTable, totals: [String] = [], rowChecks: [RowCheck] = [], chart: Chart? = nil
    ) throws(ReportError) {
        var names: Set<String> = []
        for column in table.columns {
            guard names.insert(column).inserted else { throw .duplicate(name: "\(table.name).\(column)") }
        }
        let checked = rowChecks.flatMap { $0.added + $0.subtracted }
        for column in totals + checked + (chart.map { [$0.categories, $0.values] } ?? []) where !names.contains(column)
        {
            throw .missing(name: "\(table.name).\(column)")
        }
        self.title = title
        self.table = table
        self.totals = totals
        self.rowChecks = rowChecks
        self.chart = chart
        for check in rowChecks {
            for (number, row) in table.rows.enumerated() {
                let added = table.sum(of: check.added, in: row)
                let subtracted = table.sum(of: check.subtracted, in: row)
                var difference = added
                difference -= subtracted
                guard difference.isZero else {
                    throw .check(
                        name: "\(table.name) row \(number + 1): \(check.name)", added: added.decimal,
                        subtracted: subtracted.decimal)
                }
            }
        }
    }
}

extension ReportTable {
    /// The exact sum of some of a row's amounts and counts.
    func sum(of columns: [String], in row: [ReportCell]) -> AmountParts {
        columns.reduce(into: .zero) { sum, column in
            if let place = place(of: column), let parts = row[place].parts { sum += parts }
        }
    }

    /// The place of a column.
    func place(of column: String) -> Int? { columns.firstIndex(of: column) }

    /// The exact sum of a column's amounts and counts.
    func sum(ofColumn place: Int) -> AmountParts {
        rows.reduce(into: .zero) { sum, row in
            if let parts = row[place].parts { sum += parts }
        }
    }
}

extension ReportCell {
    /// The exact value of an amount or a count.
    var parts: AmountParts? {
        switch self {
        case .amount(let amount): AmountParts(amount)
        case .integer(let value): AmountParts(.init(UInt128(value)))
        case .text, .empty: nil
        }
    }
}
