import Foundation
import Ledger
import Primitives
import Reports
import Rewards
import Storage
import Testing

@testable import feesvc

/// `feesvc report` on real books. That the tools read its formats is shown by script/report-oracles.
struct ReportTests {
    private func report(
        _ fixture: ServiceFixture, under name: String, _ formats: Set<ReportFormat> = Set(ReportFormat.allCases),
        _ period: @Sendable (Transaction, LogState) async throws -> ReportPeriod
    ) async throws -> (report: Report, path: String) {
        try await fixture.pool.withTransaction(isolation: .readOnly) { transaction in
            let state = try #require(try await LogStore(transaction).state())
            let period = try await period(transaction, state)
            let report = try await ReportContent(transaction: transaction, state: state, period: period).report()
            let path = try await ReportFiles(transaction: transaction, period: period, formats: formats).write(
                report, under: fixture.directory + "/" + name
            ) { _ in nil }
            return (report, path)
        }
    }

    private func amounts(_ report: Report, _ schedule: String, _ row: String) throws -> [String: String] {
        let table = try #require(report.schedules.first { $0.table.name == schedule }).table
        let cells = try #require(table.rows.first { $0.first?.text == row })
        return Dictionary(zip(table.columns, cells.map(\.text))) { first, _ in first }
    }

    @Test func `L44: an epoch's schedules lead from opening to closing, and the next one opens where it closed`()
        async throws
    {
        try await ServiceFixture.runWithBooks { fixture in
            let (first, _) = try await report(fixture, under: "a", [.json]) { try await .epoch(1, $0, $1) }
            let (second, _) = try await report(fixture, under: "a", [.json]) { try await .epoch(2, $0, $1) }
            #expect(first.opening.values.allSatisfy { $0 == .zero })
            for (account, balance) in first.closing { #expect(second.opening[account] ?? .zero == balance) }

            // Three stamped messages of 1,024 bytes in epoch 1, on its first second; 72 hours of postage; four midnights.
            let pool = try amounts(first, "pools", "pool:1")
            #expect(pool["postage"] == "3000000000")
            #expect(pool["storage"] == String(3 * 4 * 22 * 1_024))
            #expect(pool["base"] == "0")
            #expect(pool["closing"] == String(3_000_000_000 + 3 * 4 * 22 * 1_024))
            let next = try amounts(second, "pools", "pool:1")
            #expect(next["opening"] == pool["closing"])
            #expect(next["distributed"] == pool["closing"])
            #expect(next["closing"] == "0")
            #expect(try amounts(second, "pools", "pool:2")["base"] == String(3 * 38_500_000))
            let held = try amounts(first, "held", "held:base")
            #expect(held["charged"] == held["closing"])
            #expect(held["closing"] == String(3 * 38_500_000))
            #expect(try amounts(second, "custody", "custody")["closing"] == "10000002000")
        }
    }

    @Test func `L44: days that cut epochs tie to them: what the parts moved is what the whole moved`() async throws {
        try await ServiceFixture.runWithBooks { fixture in
            let day = UTCDay(containing: ServiceFixture.start)
            let last = UTCDay(number: day.number + 6)
            let middle = UTCDay(number: day.number + 2)
            let (whole, _) = try await report(fixture, under: "a", [.csv]) {
                try await .days(day, through: last, $0, $1)
            }
            let (one, _) = try await report(fixture, under: "a", [.csv]) {
                try await .days(day, through: middle, $0, $1)
            }
            let (two, _) = try await report(fixture, under: "a", [.csv]) {
                try await .days(middle.next, through: last, $0, $1)
            }
            #expect(one.opening == whole.opening)
            #expect(two.closing == whole.closing)
            for (account, balance) in two.opening { #expect(one.closing[account] ?? .zero == balance) }
        }
    }

    @Test func `L43: the same period is the same bytes, and nothing half-written is left where one is refused`()
        async throws
    {
        try await ServiceFixture.runWithBooks { fixture in
            let first = try await report(fixture, under: "a") { try await .epoch(1, $0, $1) }.path
            let again = try await report(fixture, under: "b") { try await .epoch(1, $0, $1) }.path
            let names = try FileManager.default.contentsOfDirectory(atPath: first).sorted()
            #expect(names == (try FileManager.default.contentsOfDirectory(atPath: again).sorted()))
            for name in [
                "journal.csv", "manifest.csv", "pools.csv", "report.beancount", "report.hledger", "report.json",
                "report.ledger", "report.xlsx",
            ] {
                #expect(names.contains(name))
            }
            for name in names {
                let bytes = FileManager.default.contents(atPath: "\(first)/\(name)")
                #expect(bytes == FileManager.default.contents(atPath: "\(again)/\(name)"), "\(name)")
            }
            for (epoch, code): (UInt64, String) in [
                (3, "epoch/open"), (4, "epoch/unknown"), (0, "epoch/unknown"), (.max, "epoch/unknown"),
            ] {
                await #expect {
                    try await report(fixture, under: "c") { try await .epoch(epoch, $0, $1) }
                } throws: {
                    ($0 as? Refusal)?.code == code
                }
            }
            let day = UTCDay(containing: ServiceFixture.start)
            let later = UTCDay(number: day.number + 60)
            for (first, last, fault): (UTCDay, UTCDay, ReportFault) in [
                (day, later, .notOver(later, now: "2024-01-09T00:00:00Z")),
                (later, day, .backwards(from: later, through: day)),
                (UTCDay(number: 0), UTCDay(number: 9), .beforeStart(UTCDay(number: 9), start: day)),
            ] {
                await #expect(throws: fault) {
                    try await report(fixture, under: "c") { try await .days(first, through: last, $0, $1) }
                }
            }
            #expect(!FileManager.default.fileExists(atPath: fixture.directory + "/c"))
        }
    }

    @Test func `a day is read from one form only`() {
        #expect(UTCDay("2024-02-29")?.description == "2024-02-29")
        for text in ["2024-2-29", "2023-02-29", "2024-02-30", "29.2.2024", "", "1969-12-31", "2024-02-29T00:00:00Z"] {
            #expect(UTCDay(text) == nil, "\(text)")
        }
    }
}
