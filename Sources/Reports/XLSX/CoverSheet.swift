import Ledger
import Primitives

/// What the workbook is a report of, and whether its checks agree.
enum CoverSheet {
    static func write(
        _ scope: ReportScope, _ totals: JournalTotals, differences: [CellRange], to sheet: Sheet
    ) throws(ReportError) {
        try sheet.setWidth(28, of: 0...0)
        try sheet.setWidth(72, of: 1...1)
        try sheet.write(scope.title, 0, 0, isBold: true)
        var row: UInt32 = 2
        func line(_ name: String, _ write: (UInt32) throws(ReportError) -> Void) throws(ReportError) {
            try sheet.write(name, row, 0, isBold: true)
            try write(row)
            row += 1
        }
        try line("Log") { row throws(ReportError) in try sheet.write(scope.logID.hex, row, 1) }
        if let (what, id) = scope.subject.named {
            try line("Statement of \(what)") { row throws(ReportError) in try sheet.write(id, row, 1) }
        }
        if case .epoch(let number) = scope.period {
            try line("Epoch") { row throws(ReportError) in try sheet.write(count: number, row, 1) }
        }
        for (name, moment) in [("From", scope.from), ("To", scope.to)] {
            try line("\(name), UTC") { row throws(ReportError) in try sheet.write(moment: moment, row, 1) }
            try line("\(name), Unix time") { row throws(ReportError) in try sheet.write(count: moment, row, 1) }
        }
        for (name, anchor) in [("First", scope.entries?.first), ("Last", scope.entries?.last)] {
            guard let anchor else { continue }
            try line("\(name) entry of the books") { row throws(ReportError) in
                try sheet.write(count: anchor.number, row, 1)
            }
            try line("Its hash") { row throws(ReportError) in try sheet.write(anchor.hash.hex, row, 1) }
        }
        try line("Entries") { row throws(ReportError) in try sheet.write(count: totals.entries, row, 1) }
        try line("Postings") { row throws(ReportError) in try sheet.write(count: totals.postings, row, 1) }
        try line("Currency") { row throws(ReportError) in try sheet.write(scope.currency, row, 1) }
        try line("Unit of all amounts") { row throws(ReportError) in try sheet.write(unit(scope), row, 1) }
        try line("Differences, must be 0") { row throws(ReportError) in
            let sums = differences.map { "SUMPRODUCT(ABS(\($0.text)))" }
            try sheet.write(formula: "=\(sums.joined(separator: "+"))", value: 0, row, 1)
        }
        try sheet.write(
            "Numbers of more than 15 digits are rounded by every spreadsheet; the exact text stands beside them.",
            row + 1, 0)
    }

    /// One sentence about what an amount counts.
    static func unit(_ scope: ReportScope) -> String {
        "Amounts count the smallest unit: 10^\(scope.scale) of them are 1 \(scope.currency). Times are UTC."
    }
}
