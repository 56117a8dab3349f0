import Primitives
import Rewards

/// Writes a schedule: its title, a line about units, the columns' names, a line a row, the totals.
struct TableSheet {
    let schedule: Schedule
    let layout: TableLayout
    let sheet: Sheet

    private var table: ReportTable { schedule.table }

    /// Writes the whole sheet.
    func write(unit: String) throws(ReportError) {
        try writeHeader(unit: unit)
        let usesParts = schedule.rowChecks.map { table.isBeyondNumbers($0.columns) }
        for (number, cells) in table.rows.enumerated() {
            let row = TableLayout.firstRow + UInt32(number)
            try write(cells, at: row)
            for (place, check) in schedule.rowChecks.enumerated() {
                let formula = usesParts[place] ? joined(check, row) : sum(check, row) { $0.numbers }
                try sheet.write(formula: "=\(formula)", value: 0, row, layout.differences[place])
            }
            for (cell, column) in zip(cells, layout.columns) {
                if let first = column.parts, let parts = cell.parts { try sheet.write(parts, row, firstColumn: first) }
            }
        }
        try writeTotals()
    }

    private func writeHeader(unit: String) throws(ReportError) {
        if layout.visibleCount > 0 { try sheet.setWidth(24, of: 0...(layout.visibleCount - 1)) }
        if layout.count > layout.visibleCount { try sheet.fold(layout.visibleCount...(layout.count - 1)) }
        try sheet.write(schedule.title, 0, 0, isBold: true)
        try sheet.write(unit, 1, 0)
        let row = TableLayout.headerRow
        for (name, column) in zip(table.columns, layout.columns) {
            try sheet.write(name, row, column.numbers, isBold: true)
            if let exact = column.exact { try sheet.write("\(name), exact", row, exact, isBold: true) }
        }
        for (check, column) in zip(schedule.rowChecks, layout.differences) {
            try sheet.write("\(check.name): difference, must be 0", row, column, isBold: true)
        }
        for (name, column) in zip(table.columns, layout.columns) {
            guard let parts = column.parts else { continue }
            for place in 0..<AmountParts.count {
                let power = AmountParts.decimals(at: place)
                try sheet.write("\(name), ×10^\(power)", row, parts + UInt16(place))
            }
        }
        sheet.freeze(above: TableLayout.firstRow)
    }

    private func write(_ cells: [ReportCell], at row: UInt32) throws(ReportError) {
        for (cell, column) in zip(cells, layout.columns) {
            switch cell {
            case .text(let text): try sheet.write(text, row, column.numbers)
            case .integer(let value): try sheet.write(count: value, row, column.numbers)
            case .amount(let amount): try sheet.write(amount, row, column.numbers, exact: column.exact)
            case .empty: break
            }
        }
    }

    /// What a check's columns come to in a row.
    private func sum(_ check: Schedule.RowCheck, _ row: UInt32, _ column: (TableLayout.Column) -> UInt16?) -> String {
        let terms = check.added.map { ("+", $0) } + check.subtracted.map { ("-", $0) }
        return terms.map { sign, name in
            let place = table.place(of: name).flatMap { column(layout.columns[$0]) }
            return sign + (place.map { CellPlace(row: row, column: $0).text } ?? "0")
        }.joined()
    }

    /// The same, part by part.
    private func joined(_ check: Schedule.RowCheck, _ row: UInt32) -> String {
        AmountParts.joiningFormula { place in
            "(\(sum(check, row) { $0.parts.map { $0 + UInt16(place) } }))"
        }
    }

    private func writeTotals() throws(ReportError) {
        guard !schedule.totals.isEmpty else { return }
        if !schedule.totals.contains(table.columns[0]) {
            try sheet.write("Total", layout.totalRow, layout.columns[0].numbers, isBold: true)
        }
        for (place, column) in layout.columns.enumerated() where schedule.totals.contains(table.columns[place]) {
            let sum = table.sum(ofColumn: place)
            try sheet.write(
                formula: "=SUM(\(layout.range(column.numbers).text))", value: sum.nearest, layout.totalRow,
                column.numbers, isTotal: true)
            if let exact = column.exact, sum.isBeyondNumbers { try sheet.write(sum.decimal, layout.totalRow, exact) }
        }
    }
}

extension AmountParts {
    /// The power of ten that a place counts, 0 the highest place.
    static func decimals(at place: Int) -> Int { (count - 1 - place) * 8 }

    /// Puts parts together, the highest first, in a formula.
    static func joiningFormula(_ part: (Int) -> String) -> String {
        (1..<count).reduce(part(0)) { "(\($0)*\(base)+\(part($1)))" }
    }
}
