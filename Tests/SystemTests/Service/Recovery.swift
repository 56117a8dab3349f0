import Foundation
import Primitives
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// A service that lost its database and goes on from an older copy, and a wallet that gives back what it holds.
    @Suite("recovery")
    struct Recovery {
        /// What `recover --json` prints, in part.
        private struct Report: Decodable {
            let size: UInt64
            let lostSize: UInt64?
            let rollback: UInt64?
        }

        /// What `channel restore --json` prints, in part.
        private struct Restored: Decodable {
            let restored: [UInt64]
            let amount: Amount
        }

        private func shell(_ words: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = words
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Overdue(description: "\(words) failed") }
        }

        private func recover(_ workshop: Workshop, _ arguments: String...) async throws -> Report {
            let outcome = try await workshop.run(
                ["recover", "--data-dir", workshop("data"), "--json"] + arguments, seconds: 60)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
        }

        @Test(
            "a lost log goes on by an act that says so, and a wallet gives back what it paid, once",
            .timeLimit(.minutes(10)))
        func lostAndRestored() async throws {
            try await Workshop.with { workshop in
                let first = try await ServiceProcess.start(in: workshop)
                let wallet = try CommandWallet("wallet", in: workshop)
                _ = try await wallet.open()
                try await wallet.topUp()
                let early = try workshop.write("early", Array("early".utf8))
                let _: CommandWallet.Paid = try await wallet.json("pay", early)
                try await first.stop(in: workshop)
                try shell("cp", "-a", workshop("data/postgres"), workshop("copy"))

                let second = try await ServiceProcess.start(in: workshop)
                var paid: [CommandWallet.Paid] = []
                for text in ["late", "later"] {
                    let message = try workshop.write(text, Array(text.utf8))
                    paid.append(
                        try await wallet.json("pay", message, "--service", second.client.base, "--lane", "3"))
                }
                let before: CommandWallet.Status = try await wallet.json("status", "--service", second.client.base)
                try await second.stop(in: workshop)
                try shell("rm", "-r", workshop("data/postgres"))
                try shell("cp", "-a", workshop("copy"), workshop("data/postgres"))

                let dry = try await recover(workshop)
                let size = try #require(dry.lostSize)
                #expect(size > dry.size)
                #expect(dry.rollback == nil)
                #expect(try await recover(workshop).lostSize == size, "it changed nothing")
                #expect(try await recover(workshop, "--yes").rollback == dry.size)
                #expect(try await recover(workshop).lostSize == nil, "nothing is missing any more")

                let third = try await ServiceProcess.start(in: workshop)
                let message = try workshop.write("new", Array("new".utf8))
                let refused = try await wallet.run("pay", message, "--service", third.client.base)
                #expect(refused.status == 4)
                #expect(refused.errors.contains("feesvc channel restore"), "\(refused.errors)")
                let restored: Restored = try await wallet.json("restore", "--service", third.client.base)
                #expect(restored.restored == paid.map(\.charge))
                #expect(restored.amount == (try Amount.sum(paid.map(\.total))))
                let again: Restored = try await wallet.json("restore", "--service", third.client.base)
                #expect(again.restored.isEmpty)
                let after: CommandWallet.Status = try await wallet.json("status", "--service", third.client.base)
                #expect(after.charged == before.charged)
                #expect(after.available == before.available)
                for one in paid {
                    #expect(try await workshop.run(["channel", "verify", one.receiptFile]).status == 0)
                }
                let fresh: CommandWallet.Paid = try await wallet.json("pay", message, "--service", third.client.base)
                #expect(fresh.charge > (paid.map(\.charge).max() ?? 0) + 1_000_000)
                try await third.stop(in: workshop)
            }
        }

        @Test("where nothing is missing, nothing is recovered", .timeLimit(.minutes(10)))
        func nothingLost() async throws {
            try await Workshop.with { workshop in
                let empty = try await workshop.run(["recover", "--data-dir", workshop("data")], seconds: 60)
                #expect(empty.status == 1)
                #expect(empty.errors.contains("no data directory"), "\(empty.errors)")
                let service = try await ServiceProcess.start(in: workshop)
                let busy = try await workshop.run(["recover", "--data-dir", workshop("data"), "--yes"], seconds: 60)
                #expect(busy.status == 1)
                #expect(busy.errors.contains("Another feesvc service"), "\(busy.errors)")
                try await service.stop(in: workshop)
                #expect(try await recover(workshop, "--yes").lostSize == nil)
                #expect(workshop.processes == [])
            }
        }
    }
}
