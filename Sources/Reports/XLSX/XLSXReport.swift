import Ledger
import Primitives
import Rewards

/// The whole report as a workbook: cover, checks, charts, a sheet a schedule, and the journal.
///
/// Amounts are numbers in the smallest unit, with the exact text beside those of more than 15 digits. Totals and checks are
/// live formulas that carry the values they have, so that a program which does not calculate shows the same. The same report
/// gives the same bytes.
public struct XLSXReport: ReportWriter {
    private let workbook: Workbook
    private let journalRowsMax: UInt32
    private var parts: Parts?

    /// What is known from the beginning on.
    private struct Parts {
        let scope: ReportScope
        let cover: Sheet
        var checks: CheckSheet
        let schedules: [Schedule]
        var journal: JournalSheets
    }

    /// Begins a workbook that appears at `path` when the run is finished, in place of a file that is there.
    ///
    /// The rows wait in temporary files without names in `temporaryFolder`, or in the system's; they need about ten times the
    /// room of the workbook. The journal goes on in another sheet after `journalRowsMax` rows, the header among them; no
    /// spreadsheet holds more than 1,048,576. Throws ``ReportError/workbook(reason:)``.
    public init(
        path: String, temporaryFolder: String? = nil, journalRowsMax: UInt32 = 1_048_576
    ) throws(ReportError) {
        precondition((2...1_048_576).contains(journalRowsMax), "a sheet has a header, a row, and at most 2^20 rows")
        workbook = try Workbook(path: path, temporaryFolder: temporaryFolder)
        self.journalRowsMax = journalRowsMax
    }

    /// Writes the schedules and their charts.
    public mutating func begin(_ report: Report) throws {
        let scope = report.scope
        try workbook.setProperties(title: scope.title, subject: scope.logID.hex, created: scope.to)
        let cover = try workbook.addSheet("Cover")
        let checks = try workbook.addSheet("Checks")
        let hasCharts = report.schedules.contains { $0.chart != nil }
        let charts = hasCharts ? try workbook.addSheet("Charts") : nil
        var layouts: [String: (schedule: Schedule, layout: TableLayout)] = [:]
        var chartRow: UInt32 = 0
        for schedule in report.schedules {
            let sheet = try workbook.addSheet(schedule.title)
            let layout = TableLayout(schedule, sheet: sheet.name, summed: Self.columns(of: schedule, in: report.checks))
            try TableSheet(schedule: schedule, layout: layout, sheet: sheet).write(unit: CoverSheet.unit(scope))
            layouts[schedule.table.name] = (schedule, layout)
            if let chart = schedule.chart, let charts {
                try addChart(chart, of: schedule.table, layout, to: charts, at: chartRow)
                chartRow += Self.rowsOfChart
            }
        }
        parts = Parts(
            scope: scope, cover: cover, checks: CheckSheet(checks, layouts), schedules: report.schedules,
            journal: try JournalSheets(workbook, rowsMax: journalRowsMax))
    }

    /// Writes an entry's postings.
    public mutating func append(_ entry: ReportEntry) throws {
        try parts?.journal.append(entry.checked)
    }

    /// Writes checks and cover, and puts the file together.
    public mutating func finish(_ end: ReportEnd) throws {
        guard var parts else { return }
        let differences = try parts.checks.write(end.checks, rowsOf: parts.schedules, parts.journal)
        try CoverSheet.write(parts.scope, end.totals, differences: differences, to: parts.cover)
        try workbook.close()
        self.parts = nil
    }

    private static let rowsOfChart: UInt32 = 16

    private func addChart(
        _ chart: Schedule.Chart, of table: ReportTable, _ layout: TableLayout, to sheet: Sheet, at row: UInt32
    ) throws(ReportError) {
        guard let categories = table.place(of: chart.categories), let values = table.place(of: chart.values) else {
            return
        }
        try workbook.addChart(
            chart.title, at: CellPlace(row: row, column: 0), of: sheet,
            categories: layout.range(layout.columns[categories].numbers),
            values: layout.range(layout.columns[values].numbers))
    }

    /// The columns of a schedule whose parts checks add up.
    private static func columns(of schedule: Schedule, in checks: [ReportCheck]) -> Set<String> {
        var columns: Set<String> = []
        for term in checks.flatMap(\.terms) {
            switch term.source {
            case .column(schedule.table.name, let column), .cell(schedule.table.name, let column, _):
                columns.insert(column)
            default: break
            }
        }
        return columns
    }
}
