import Foundation
import Testing

extension FeesvcSystem.ShortTraceRun {
    /// `feesvc explain` and `feesvc simulate` of what the demo exported.
    @Suite("what its operators got, explained and simulated")
    struct Explanations {
        private let demo: SharedDemo

        init() throws {
            demo = try SharedDemo.get()
        }

        private struct Coded: Decodable {
            let code: String
            let amount: String
        }

        private struct Explained: Decodable {
            struct Pool: Decodable {
                let sources: [Coded]
                let refunds: String
                let total: String
                let uses: [Coded]
            }

            struct Share: Decodable {
                let full: String
                let losses: [Coded]
                let earned: String
                let shared: String
                let taken: String
                let reward: String
            }

            let epoch: UInt64
            let preview: Bool
            let pool: Pool
            let share: Share
        }

        private struct Simulated: Decodable {
            let epoch: UInt64
            let paid: String
            let simulated: String
        }

        private struct Reward: Decodable {
            let `operator`: String
            let reward: String
        }

        private static func sum(_ amounts: [Coded]) -> UInt128 {
            amounts.reduce(0) { $0 + (UInt128($1.amount) ?? .max) }
        }

        @Test("every operator's reward is taken apart to the last unit", .timeLimit(.minutes(10)))
        func rewardsAreExplained() async throws {
            let folder = demo.out + "/epoch-0002"
            let rewards = try JSONDecoder().decode(
                [Reward].self, from: Data(contentsOf: URL(filePath: folder + "/rewards.json")))
            #expect(!rewards.isEmpty)
            for row in rewards {
                let outcome = try await demo.workshop.run([
                    "explain", "--dir", folder, "--operator", row.operator, "--json",
                ])
                #expect(outcome.status == 0, "\(outcome.errors)")
                let found = try JSONDecoder().decode(Explained.self, from: Data(outcome.output.utf8))
                #expect(found.epoch == 2 && !found.preview)
                #expect(found.share.reward == row.reward)
                let total = try #require(UInt128(found.pool.total))
                #expect(Self.sum(found.pool.sources) == total + (UInt128(found.pool.refunds) ?? .max))
                #expect(Self.sum(found.pool.uses) == total)
                let share = found.share
                #expect(Self.sum(share.losses) + (UInt128(share.earned) ?? .max) == UInt128(share.full))
                let parts = [share.earned, share.shared].compactMap { UInt128($0) }.reduce(0, +)
                #expect(parts == [share.taken, share.reward].compactMap { UInt128($0) }.reduce(0, +))
            }
            let table = try await demo.workshop.run(["explain", "--dir", folder, "--operator", rewards[0].operator])
            #expect(table.output.contains("pool/base") && table.output.contains("view/own"))
            let stranger = "0x" + String(repeating: "00", count: 20)
            let nobody = try await demo.workshop.run(["explain", "--dir", folder, "--operator", stranger])
            #expect(nobody.status == 1)
            #expect(nobody.errors.contains("explanation/unknown-operator"), "\(nobody.errors)")
        }

        @Test("their own ruleset pays what was paid", .timeLimit(.minutes(10)))
        func ownRulesetPaysTheSame() async throws {
            let outcome = try await demo.workshop.run(["simulate", "--rules", "1", demo.out, "--json"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let rows = try JSONDecoder().decode([Simulated].self, from: Data(outcome.output.utf8))
            #expect(Set(rows.map(\.epoch)).count == demo.summary.epochs.count)
            for row in rows { #expect(row.paid == row.simulated) }
        }

        @Test("attacks on a model are the same table twice, and bad words are refused", .timeLimit(.minutes(10)))
        func attacksAreDeterministic() async throws {
            let arguments = ["simulate", "--attack", "wash", "--stake", "1", "--stake", "25", "--seed", "5"]
            let (one, other) = (
                try await demo.workshop.run(arguments), try await demo.workshop.run(arguments)
            )
            #expect(one.status == 0, "\(one.errors)")
            #expect(one.output == other.output)
            #expect(one.output.split(separator: "\n").count == 4)
            for bad in [["--attack", "bribe"], ["--stake", "101"], ["--rules", "1", "--ruleset", "x"]] {
                #expect(try await demo.workshop.run(["simulate"] + bad).status == 64)
            }
            #expect(try await demo.workshop.run(["simulate", "--rules", "3"]).status == 1)
            #expect(try await demo.workshop.run(["simulate", "--ruleset", "nowhere.json"]).status == 1)
        }
    }
}
