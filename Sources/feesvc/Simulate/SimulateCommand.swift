import ArgumentParser
import Foundation
import Primitives
import Rewards

/// `feesvc simulate`.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "What a ruleset would have paid, and what attacks on it would bring.",
        discussion: """
            With folders that feesvc export wrote: each epoch is audited, then split by the ruleset as if it had been in force, and \
            each node's reward is shown beside what it got. Each epoch stands for itself: it keeps the dust that it had.

              feesvc simulate --ruleset ruleset.json reports

            Without folders: a model of 100 nodes of like stake, of which a coalition has --stake percent. lazy stores nothing; \
            collude stores nothing and lies about everybody; wash pays for traffic of its own; split runs four nodes in place of each. The \
            same seed gives the same table. What floors move, less than a unit for each node, is no gain.

              feesvc simulate --attack split --stake 25 --rules 2

            A ruleset file is JSON: {"version":2,"nodes":900000000,"apps":50000000,"protocol":50000000,"division":"stake",
            "stakeCap":1000000000,"penalty":500000000,"penaltyCap":1000000000}; docs/protocol.md §8 says what each means.
            """)

    @Argument(help: "Exported epochs, or folders that hold several.")
    var directories: [String] = []
    @Option(help: "A file with the ruleset as JSON.")
    var ruleset: String?
    @Option(help: "A ruleset as a genesis names it: 1 or 2. Default without --ruleset: 2.")
    var rules: UInt32?
    @Option(help: "lazy, collude, wash or split; repeat it. Default: all.", transform: Self.attack)
    var attack: [Attack] = []
    @Option(help: "The coalition's percent of the stake; repeat it. Default: 1, 25 and 50.")
    var stake: [Int] = []
    @Option(help: "What traffic and measures are drawn from.")
    var seed: UInt64 = 1
    @Flag(help: "Print JSON.")
    var json = false

    private static func attack(_ text: String) throws -> Attack {
        guard let attack = Attack(rawValue: text) else {
            throw ValidationError("\(text) is no attack; there are lazy, collude, wash and split.")
        }
        return attack
    }

    func validate() throws {
        guard ruleset == nil || rules == nil else { throw ValidationError("Say --ruleset or --rules, not both.") }
        guard stake.allSatisfy({ (0...100).contains($0) }) else {
            throw ValidationError("A stake is 0 to 100 percent.")
        }
        guard directories.isEmpty || (attack.isEmpty && stake.isEmpty) else {
            throw ValidationError("Attacks are on a model, not on exported epochs.")
        }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            let ruleset = try chosen()
            guard directories.isEmpty else {
                let past = try PastEpochs(ruleset, directories)
                guard !json else { return try ChannelOutput.json(past.rows) }
                return print(past.text)
            }
            let attacks = try AttackTable(
                ruleset, attacks: attack.isEmpty ? Attack.allCases : attack,
                percents: stake.isEmpty ? [1, 25, 50] : stake, seed: seed)
            guard !json else { return try ChannelOutput.json(attacks.rows) }
            print(attacks.text)
        }
    }

    private func chosen() throws -> Ruleset {
        if let ruleset { return try RulesetFile.read(ruleset) }
        guard let known = Ruleset(genesis: rules ?? 2) else {
            throw OperatorError("There is no ruleset of version \(rules ?? 0); there are 1 and 2.")
        }
        return known
    }
}

/// Reads a ruleset from a file.
enum RulesetFile {
    static func read(_ path: String) throws -> Ruleset {
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw OperatorError("\(path) can't be read: \(Presentation.reason(of: error)).")
        }
        do {
            return try JSONDecoder().decode(RulesetBody.self, from: data).ruleset()
        } catch let error as DecodingError {
            throw OperatorError("\(path) holds no ruleset: \(HTTPBody.describe(error))")
        }
    }
}
