import Ledger
import Primitives
import Rewards

/// A schedule that leads accounts from opening to closing, a column a kind of movement. What no column is for stands under
/// `other`, so that nothing is left out.
struct RollForward: Sendable {
    /// A column: credits, or debits, of entries of some kinds.
    struct Column: Sendable {
        let name: String
        let kinds: Set<EntryKind>
        let isAddition: Bool

        /// Money that came, by entries of these kinds.
        static func added(_ name: String, _ kinds: EntryKind...) -> Column {
            Column(name: name, kinds: Set(kinds), isAddition: true)
        }

        /// Money that went.
        static func taken(_ name: String, _ kinds: EntryKind...) -> Column {
            Column(name: name, kinds: Set(kinds), isAddition: false)
        }
    }

    let title: String
    let name: String
    let columns: [Column]
    let isAccount: @Sendable (LedgerAccount) -> Bool
    var chart: Schedule.Chart?

    /// The schedule of a period, a row an account that has a balance or moved.
    func schedule(of books: PeriodBooks) throws -> Schedule {
        let accounts = books.accounts.filter(isAccount)
        let additions = columns.filter(\.isAddition).map(\.name) + ["other_in"]
        let reductions = columns.filter { !$0.isAddition }.map(\.name) + ["other_out"]
        let rows = try accounts.map { account -> [ReportCell] in
            let flows = books.flows.filter { $0.account == account }
            let isAsset = account.isAsset
            func side(_ flow: AccountFlow, isAddition: Bool) -> Amount {
                isAddition != isAsset ? flow.credits : flow.debits
            }
            func cells(isAddition: Bool) throws(AmountError) -> [ReportCell] {
                var named: Set<EntryKind> = []
                var cells: [ReportCell] = []
                for column in columns where column.isAddition == isAddition {
                    let amounts = flows.filter { column.kinds.contains($0.kind) }.map {
                        side($0, isAddition: isAddition)
                    }
                    cells.append(.amount(try Amount.sum(amounts)))
                    named.formUnion(column.kinds)
                }
                let others = flows.filter { !named.contains($0.kind) }.map { side($0, isAddition: isAddition) }
                return cells + [.amount(try Amount.sum(others))]
            }
            return [.text(account.name), .amount(books.opening[account] ?? .zero)]
                + (try cells(isAddition: true)) + (try cells(isAddition: false))
                + [.amount(books.closing[account] ?? .zero)]
        }
        let table = ReportTable(
            name: name, columns: ["account", "opening"] + additions + reductions + ["closing"], rows: rows)
        return try Schedule(
            title, table, totals: ["opening"] + additions + reductions + ["closing"],
            rowChecks: [
                .rollForward(opening: "opening", additions: additions, reductions: reductions, closing: "closing")
            ], chart: rows.isEmpty ? nil : chart)
    }
}
