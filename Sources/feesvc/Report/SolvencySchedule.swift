import Primitives
import Reports
import Rewards

extension ReportContent {
    /// What the report commits to of all that is owed when its period ends: whoever holds a proof checks it against this.
    func solvencyStatement() async throws -> Schedule {
        let (owed, _) = try await OwedState(transaction, state, at: period.end).stated(by: nil)
        return try Schedule(
            "Solvency statement",
            ReportTable(
                name: "solvency-statement",
                columns: ["root", "statement", "entry", "entry_hash", "leaves", "total", "custody"],
                rows: [
                    [
                        .text(owed.root.hex), .text(owed.statement.hex), .integer(owed.entry),
                        .text(owed.entryHash.hex), .integer(owed.leaves), .amount(owed.total), .amount(owed.custody),
                    ]
                ]),
            rowChecks: [Schedule.RowCheck("owed = in custody", ["total"], equal: ["custody"])])
    }

    /// What is stated is what the accounts are owed.
    static let stated = ReportCheck(
        "solvency statement = owed by class",
        [.column(schedule: "solvency-statement", column: "total")],
        equal: [.column(schedule: "solvency", column: "owed")])
}
