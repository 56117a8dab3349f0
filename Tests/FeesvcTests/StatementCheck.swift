import Channels
import Foundation
import Ledger
import Primitives
import Reports
import Rewards
import Storage
import Testing

@testable import feesvc

/// Ties every payer's, channel's and operator's statement of a period to the books: what all of them together hold is what
/// the control accounts hold, and each opens where the one before closed.
struct StatementCheck {
    let fixture: ServiceFixture
    /// What the accounts of each subject closed with in the period before.
    private var closings: [String: [ReportAccount: Amount]] = [:]
    /// The kinds of entries that were seen.
    private(set) var kinds: Set<String> = []

    init(_ fixture: ServiceFixture) {
        self.fixture = fixture
    }

    /// Checks a period that begins where the one that was checked before ended.
    mutating func follow(
        _ name: String, _ period: @Sendable (Transaction, LogState) async throws -> ReportPeriod
    ) async throws {
        let (fixture, directory) = (fixture, fixture.directory + "/statements")
        let made = try await fixture.pool.withTransaction(isolation: .readOnly) { transaction in
            let state = try #require(try await LogStore(transaction).state())
            return try await Statements(transaction, state, try await period(transaction, state)).made(directory)
        }
        let payers = made.reports.filter { $0.name.contains("payer") }.map(\.report)
        for end in [(made.opening, payers.map(\.opening)), (made.closing, payers.map(\.closing))] {
            let balances = end.0
            func all(_ isCounted: (String) -> Bool) throws -> Amount {
                try Amount.sum(end.1.flatMap { $0.filter { isCounted($0.key.name) }.values })
            }
            #expect(try all { $0.hasSuffix(":available") } == balances[.channels] ?? .zero, "\(name)")
            let base = try all { $0.hasSuffix(":held:base") || $0.hasSuffix(":held:congestion") }
            #expect(base == balances[.held(.base)] ?? .zero, "\(name)")
            #expect(try all { $0.hasSuffix(":held:storage") } == balances[.held(.storage)] ?? .zero, "\(name)")
            #expect(try all { $0.hasSuffix(":held:postage") } == balances[.held(.postage)] ?? .zero, "\(name)")
        }
        for (subject, report) in made.reports {
            let own = report.opening.filter { $0.key.isDebit && $0.value > .zero }
            if let before = closings[subject] {
                #expect(own == before.filter { Self.isOwn($0.key.name) && $0.value > .zero }, "\(name), \(subject)")
            }
            closings[subject] = report.closing
            kinds.formUnion(
                report.schedules.first { $0.table.name == "control" }?.table.rows.compactMap(\.first?.text) ?? [])
        }
    }

    private static func isOwn(_ name: String) -> Bool {
        ["channel:", "payable:", "rewards:", "stake:", "unbonding:"].contains { name.hasPrefix($0) }
    }
}

/// The statements of everybody in one snapshot.
private struct Statements {
    let transaction: Transaction
    let state: LogState
    let period: ReportPeriod

    init(_ transaction: Transaction, _ state: LogState, _ period: ReportPeriod) {
        self.transaction = transaction
        self.state = state
        self.period = period
    }

    struct Made: Sendable {
        var reports: [(name: String, report: Report)] = []
        var opening: [LedgerAccount: Amount] = [:]
        var closing: [LedgerAccount: Amount] = [:]
    }

    /// Writes all of them below `directory`; what can't be written is thrown.
    func made(_ directory: String) async throws -> Made {
        var made = Made(
            opening: try await balances(before: period.entries.lowerBound),
            closing: try await balances(before: period.entries.upperBound))
        let rows = try await transaction.query("SELECT DISTINCT payer FROM channels ORDER BY payer")
        for payer in try rows.map({ try $0.address("payer") }) {
            let channels = try #require(try await PayerChannels(of: payer, transaction, state))
            made.reports.append(("payer \(payer)", try await write(channels, directory)))
            for channel in channels.channels {
                let one = try #require(try await PayerChannels(channel.id, transaction, state))
                made.reports.append(("channel \(channel.id)", try await write(one, directory)))
            }
        }
        for node in try await NodeStore(transaction).all() {
            let address = node.node.registration.operatorAddress
            let content = try await OperatorStatementContent(address, transaction, state, period)
            let report = try await content.statement().report(
                try await period.scope(.nodeOperator(address), transaction, state))
            _ = try await content.write([.csv], under: directory) { _ in nil }
            made.reports.append(("operator \(address)", report))
        }
        return made
    }

    private func write(_ payer: PayerChannels, _ directory: String) async throws -> Report {
        let content = PayerStatementContent(transaction: transaction, state: state, period: period, payer: payer)
        _ = try await content.write([.csv, .json], under: directory) { _ in nil }
        return try await content.statement().report(try await period.scope(content.subject, transaction, state))
    }

    private func balances(before entry: UInt64) async throws -> [LedgerAccount: Amount] {
        let totals = try await ReportStore(transaction).totals(before: entry)
        return try Dictionary(uniqueKeysWithValues: totals.map { ($0, try $1.balance(of: $0)) })
    }
}
