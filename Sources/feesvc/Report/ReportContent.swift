import Channels
import Ledger
import Primitives
import Reports
import Rewards
import Storage

/// Gathers a report's schedules from the database.
struct ReportContent {
    let transaction: Transaction
    let state: LogState
    let period: ReportPeriod
    /// The epoch whose split is shown with what was corrected in its name, by these corrections.
    var restated: (epoch: UInt64, corrections: [CorrectionStore.Stored])?

    /// The report without its journal. Throws where anything in it disagrees.
    func report() async throws -> Report {
        let totals = ReportStore(transaction)
        let store = PeriodStore(transaction)
        let books = try PeriodBooks(
            opening: try await totals.totals(before: period.entries.lowerBound),
            closing: try await totals.totals(before: period.entries.upperBound),
            flows: try await store.flows(period.entries).map {
                AccountFlow(account: $0.account, kind: $0.kind, debits: $0.totals.debits, credits: $0.totals.credits)
            })
        let refunds = try await store.refunds(period.leaves)
        let schedules =
            try books.schedules() + [
                try await solvencyStatement(), try refundSchedule(refunds), try await contributions(),
            ] + (try await corrections()) + [try await control()]
        return try Report(
            scope: try await period.scope(.books, transaction, state), opening: books.opening, closing: books.closing,
            schedules: schedules,
            checks: books.checks + [Self.stated, Self.returned] + (restated == nil ? [] : [Restatement.balanced]))
    }

    private func corrections() async throws -> [Schedule] {
        guard let restated else {
            let made = try await CorrectionStore(transaction).made(in: period.leaves)
            return [try Restatement(corrections: made).schedule()]
        }
        guard let result = try await EpochStore(transaction).epoch(restated.epoch)?.result else {
            throw Refusal(409, "epoch/not-sealed", "Epoch \(restated.epoch) is not sealed.")
        }
        let operators = Dictionary(
            try await NodeStore(transaction).all().map { ($0.node.number, $0.node.registration.operatorAddress) }
        ) { first, _ in first }
        let restatement = Restatement(corrections: restated.corrections)
        return [try restatement.schedule(), try restatement.schedule(of: result, operators: operators)]
    }

    private func refundSchedule(_ refunds: [GroundTotal]) throws -> Schedule {
        let rows = RefundGround.allCases.map { ground -> [ReportCell] in
            let total = refunds.first { $0.ground == ground.rawValue }
            return [.text(ground.name), .integer(total?.count ?? 0), .amount(total?.amount ?? .zero)]
        }
        return try Schedule(
            "Refunds by ground",
            ReportTable(name: "refunds-by-ground", columns: ["ground", "parts", "amount"], rows: rows),
            totals: ["amount"])
    }

    /// What went back on all grounds is what cuts, postage and refunds returned to channels and payees.
    private static let returned = ReportCheck(
        "refunds by ground = returned to channels and payables",
        [.column(schedule: "refunds-by-ground", column: "amount")],
        equal: [
            .column(schedule: "channels", column: "returned"), .column(schedule: "payables", column: "returned"),
        ])

    /// What was measured of each node, or of one operator's, for every pool that was distributed in the period.
    func contributions(of operatorAddress: Address? = nil) async throws -> Schedule {
        let nodes = Dictionary(
            try await NodeStore(transaction).all().map { ($0.node.number, $0.node.registration) }
        ) { first, _ in first }
        var rows: [[ReportCell]] = []
        for number in try await PeriodStore(transaction).distributed(period.entries) {
            guard let result = try await EpochStore(transaction).epoch(number)?.result else { continue }
            for row in result.rows
            where operatorAddress == nil || nodes[row.node]?.operatorAddress == operatorAddress {
                rows.append([
                    .integer(number), .integer(UInt64(row.node)),
                    .text(nodes[row.node]?.operatorAddress.hex ?? ""),
                    .amount(nodes[row.node]?.stake ?? .zero), .integer(UInt64(row.contribution.held)),
                    .integer(UInt64(row.contribution.available)), .integer(UInt64(row.contribution.attested)),
                    .integer(UInt64(row.contribution.quality)), .amount(row.earned), .amount(row.shared),
                    .amount(row.taken), .amount(row.reward),
                ])
            }
        }
        return try Schedule(
            "Rewards by operator, with what was measured",
            ReportTable(
                name: "rewards-by-operator",
                columns: [
                    "epoch", "node", "operator", "stake", "held_ppb", "available_ppb", "attested_ppb", "quality_ppb",
                    "earned", "shared", "taken", "reward",
                ], rows: rows), totals: ["earned", "shared", "taken", "reward"],
            rowChecks: [
                Schedule.RowCheck(
                    "earned + shared = taken + reward", ["earned", "shared"], equal: ["taken", "reward"])
            ])
    }

    private func control() async throws -> Schedule {
        let charges = try await PeriodStore(transaction).chargeCount(period.leaves)
        let entries = period.entries.upperBound - period.entries.lowerBound
        let leaves = period.leaves.upperBound - period.leaves.lowerBound
        return try Schedule(
            "Control totals",
            ReportTable(
                name: "control", columns: ["what", "count"],
                rows: [
                    [.text("leaves of the log"), .integer(leaves)], [.text("charges"), .integer(charges)],
                    [.text("ledger entries"), .integer(entries)],
                ]))
    }
}
