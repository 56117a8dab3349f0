import Primitives
import Reports
import Rewards
import Storage
import Testing

@testable import feesvc

/// Refunds in `feesvc report`: out of which account they came, by ground, tied to the entries.
struct ReportRefundTests: RefundScene {
    private func report(
        _ fixture: ServiceFixture,
        _ period: @Sendable (Transaction, LogState) async throws -> ReportPeriod
    ) async throws -> Report {
        try await fixture.pool.withTransaction(isolation: .readOnly) { transaction in
            let state = try #require(try await LogStore(transaction).state())
            return try await ReportContent(
                transaction: transaction, state: state, period: try await period(transaction, state)
            ).report()
        }
    }

    private func rows(_ report: Report, _ schedule: String) throws -> [[String: String]] {
        let table = try #require(report.schedules.first { $0.table.name == schedule }).table
        return table.rows.map { row in
            Dictionary(zip(table.columns, row.map(\.text))) { first, _ in first }
        }
    }

    private func grounds(_ report: Report) throws -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: try rows(report, "refunds-by-ground").filter { $0["amount"] != "0" }
                .map { ($0["ground"] ?? "", "\($0["parts"] ?? "") \($0["amount"] ?? "")") })
    }

    private func sum(_ report: Report, _ schedule: String, _ column: String) throws -> UInt128 {
        try rows(report, schedule).reduce(0) { $0 + (UInt128($1[column] ?? "") ?? 0) }
    }

    @Test func `refunds by ground are what channels got, and each purse has a column for what it gave`() async throws {
        try await ServiceFixture.run { fixture in
            try await playManyGrounds(fixture)
            let first = try await report(fixture) { try await .epoch(1, $0, $1) }
            let second = try await report(fixture) { try await .epoch(2, $0, $1) }

            // A third of a day, rounded down for each of six channels.
            let third = perDay * 333_333_333 / 1_000_000_000
            #expect(
                try grounds(first)
                    == ["deleted-early": "1 \(58 * perDay)", "declared-outage": "6 \(6 * third)"])
            #expect(try sum(first, "channels", "returned") == 58 * perDay + 6 * third)
            #expect(try sum(first, "held", "returned") == 58 * perDay)
            #expect(try sum(first, "pools", "repaid") == 6 * third)

            // Five midnights had passed at the cut, six at the later deletion; the captured days of the second charge are
            // the pool's to pay, without what the outage gave of them. Of the loss, the stake gives for postage alone.
            let held = 38_500_000 + 55 * perDay
            #expect(
                try grounds(second)
                    == [
                        "undelivered": "2 \(held)", "refused": "2 \(held)", "deleted-early": "1 \(54 * perDay)",
                        "charged-twice": "3 \(held + 5 * perDay - third)", "node-at-fault": "1 99",
                    ])
            #expect(try sum(second, "pools", "repaid") == 5 * perDay - third)
            #expect(try sum(second, "stakes", "returned") == 99)
            #expect(try sum(second, "held", "returned") == 54 * perDay)
            for report in [first, second] {
                for schedule in ["pools", "held", "channels", "stakes", "payables"] {
                    #expect(try sum(report, schedule, "other_in") == 0, "\(schedule)")
                    #expect(try sum(report, schedule, "other_out") == 0, "\(schedule)")
                }
            }
        }
    }
}
