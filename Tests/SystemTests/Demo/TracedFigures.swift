import Foundation
import Testing

/// A report's figures, each followed to its entries by the commands that docs/quickstart-accountant.md names.
struct TracedFigures {
    /// Which entries a column of a schedule adds up: of which kinds, and which side of the account.
    private struct Column {
        let name: String
        let kinds: [String]
        let isCredit: Bool
    }

    let workshop: Workshop
    let database: String
    let epoch: Int

    private static let schedules: [(name: String, columns: [Column])] = [
        (
            "pools",
            [
                credit("base", "cut"), credit("storage", "midnight"), credit("postage", "postage"),
                credit("granted", "grant"), credit("dust", "dust"), debit("repaid", "refund"),
                debit("distributed", "distribution"),
            ]
        ),
        (
            "held",
            [
                credit("charged", "charge"), debit("midnights", "midnight"), debit("cuts", "cut"),
                debit("postage", "postage"), debit("returned", "refund"),
            ]
        ),
        (
            "channels",
            [
                credit("deposited", "deposit"), credit("returned", "cut", "postage", "refund"),
                debit("charged", "charge"),
            ]
        ),
        ("rewards", [credit("earned", "distribution"), debit("claimed", "claim")]),
        ("dust", [credit("remainders", "distribution"), debit("carried", "dust")]),
        ("payables", [credit("claimed", "claim"), debit("paid_out", "payout")]),
        ("custody", [debit("deposited", "deposit"), debit("staked", "stake"), credit("paid_out", "payout")]),
    ]

    private static func credit(_ name: String, _ kinds: String...) -> Column {
        Column(name: name, kinds: kinds, isCredit: true)
    }

    private static func debit(_ name: String, _ kinds: String...) -> Column {
        Column(name: name, kinds: kinds, isCredit: false)
    }

    // MARK: Following

    /// Follows every figure that is not 0.
    func follow() async throws {
        var followed: Set<String> = []
        for (schedule, columns) in Self.schedules {
            for row in try table(schedule) {
                let account = row["account"] ?? ""
                let all = try await journal(["--account", account])
                #expect(all.balances?.opening.text == row["opening"], "\(schedule), \(account): opening")
                #expect(all.balances?.closing.text == row["closing"], "\(schedule), \(account): closing")
                for column in columns where row[column.name] != "0" {
                    let found = try await journal(["--account", account] + column.kinds.flatMap { ["--kind", $0] })
                    let sum = found.sum(of: account, isCredit: column.isCredit)
                    #expect("\(sum)" == row[column.name], "\(schedule), \(account): \(column.name)")
                    followed.insert("\(schedule).\(column.name)")
                }
            }
        }
        let sure: Set = [
            "pools.base", "pools.storage", "pools.repaid", "pools.distributed", "held.charged", "held.cuts",
            "channels.returned", "channels.charged", "rewards.earned", "rewards.claimed", "payables.claimed",
        ]
        #expect(sure.subtracting(followed).sorted() == [], "figures that are 0 in this epoch")
        try await followTotals()
        try await followRewards()
    }

    /// The trial balance, what is owed by class, and the numbers of entries, charges and leaves.
    private func followTotals() async throws {
        for row in try table("trial-balance") {
            let found = try await journal(["--account", row["account"] ?? ""])
            #expect(found.sums.first?.debits.text == row["debits"], "\(row)")
            #expect(found.sums.first?.credits.text == row["credits"], "\(row)")
        }
        for row in try table("solvency") where row["what"] != "custody" {
            let name = row["what"] ?? ""
            #expect(try await journal(["--account", name]).balances?.closing.text == row["owed"], "\(name)")
        }
        let counts = Dictionary(
            uniqueKeysWithValues: try table("control").map { ($0["what"] ?? "", $0["count"] ?? "") })
        let all = try await journal([])
        #expect("\(all.entries)" == counts["ledger entries"])
        #expect(all.entries == all.listed.count)
        let export = "epoch-000\(epoch)"
        #expect("\(try lines("\(export)/charges.csv").count - 1)" == counts["charges"])
        #expect("\(try lines("\(export)/log.csv").count - 1)" == counts["leaves of the log"])
    }

    /// Follows what went back by ground, and returns the grounds on which something did.
    func followRefunds() async throws -> Set<String> {
        let entries = Set(
            try await journal(["--kind", "cut", "--kind", "postage", "--kind", "refund"]).listed.map(\.number))
        var given: Set<String> = []
        for row in try table("refunds-by-ground") {
            let ground = row["ground"] ?? ""
            let found: Refunds = try await read(["ledger", "refunds", "--ground", ground])
            #expect("\(found.listed.count)" == row["parts"], "\(ground)")
            #expect("\(found.listed.reduce(0) { $0 + $1.amount.value })" == row["amount"], "\(ground)")
            #expect(entries.isSuperset(of: found.listed.map(\.entry)), "\(ground)")
            #expect(found.sums.map(\.amount.text) == (row["amount"] == "0" ? [] : [row["amount"] ?? ""]))
            if row["amount"] != "0" { given.insert(ground) }
        }
        return given
    }

    private func followRewards() async throws {
        let rows = try table("rewards-by-operator")
        #expect(rows.count == 4)
        for row in rows {
            let account = "rewards:\(row["operator"] ?? "")"
            let found = try await journal(["--account", account, "--kind", "distribution"])
            let entries = found.listed.filter { $0.reference == "distribution:\(row["epoch"] ?? "")" }
            let sum = entries.flatMap(\.postings).filter { $0.account == account }.reduce(0) { $0 + $1.credit.value }
            #expect("\(sum)" == row["reward"], "\(row)")
        }
    }

    // MARK: Commands and files

    private func journal(_ arguments: [String]) async throws -> Journal {
        try await read(["ledger", "journal"] + arguments)
    }

    private func read<Answer: Decodable>(_ command: [String]) async throws -> Answer {
        let outcome = try await workshop.run(
            command + ["--database-url", database, "--epoch", "\(epoch)", "--json", "--limit", "1000000"])
        try #require(outcome.status == 0, "\(command): \(outcome.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8))
    }

    private func lines(_ path: String) throws -> [Substring] {
        let text = try String(contentsOfFile: workshop("out") + "/" + path, encoding: .utf8)
        return text.split(separator: "\r\n")
    }

    /// A schedule of the report, a dictionary a row.
    private func table(_ name: String) throws -> [[String: String]] {
        let lines = try lines("report-epoch-000\(epoch)/\(name).csv").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let columns = try #require(lines.first)
        return lines.dropFirst().map { Dictionary(uniqueKeysWithValues: zip(columns, $0)) }
    }
}

/// What `feesvc ledger journal --json` prints.
private struct Journal: Decodable {
    struct Sum: Decodable {
        let account: String
        let opening: DemoSummary.Units?
        let debits: DemoSummary.Units
        let credits: DemoSummary.Units
        let closing: DemoSummary.Units?
    }

    struct Entry: Decodable {
        let number: UInt64
        let reference: String
        let postings: [Posting]
    }

    struct Posting: Decodable {
        let account: String
        let debit: DemoSummary.Units
        let credit: DemoSummary.Units
    }

    let entries: Int
    let sums: [Sum]
    let listed: [Entry]

    /// The balances of the only account, or of all together.
    var balances: (opening: DemoSummary.Units, closing: DemoSummary.Units)? {
        guard let last = sums.last, let opening = last.opening, let closing = last.closing else { return nil }
        return (opening, closing)
    }

    /// The listed entries added up anew; the command's own sum has to be the same.
    func sum(of account: String, isCredit: Bool) -> UInt64 {
        let postings = listed.flatMap(\.postings).filter { $0.account == account }
        let sum = postings.reduce(0) { $0 + (isCredit ? $1.credit.value : $1.debit.value) }
        let told = sums.first { $0.account == account }
        #expect((isCredit ? told?.credits.value : told?.debits.value) == sum, "\(account)")
        return sum
    }
}

/// What `feesvc ledger refunds --json` prints.
private struct Refunds: Decodable {
    struct Sum: Decodable {
        let amount: DemoSummary.Units
    }

    struct Line: Decodable {
        let entry: UInt64
        let amount: DemoSummary.Units
    }

    let sums: [Sum]
    let listed: [Line]
}

extension DemoSummary.Units {
    fileprivate var text: String { "\(value)" }
}
