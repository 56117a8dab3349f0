import Channels
import Foundation
import Primitives
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// A service that is killed and started again on its data directory.
    @Suite("killed and started again")
    struct Restart {
        @Test(
            "everything acknowledged is there, and the same voucher gives the same leaf", .timeLimit(.minutes(10)),
            arguments: ["the service", "the service and its PostgreSQL"])
        func nothingIsLost(_ killed: String) async throws {
            try await Workshop.with { workshop in
                let before = try await ServiceProcess.start(in: workshop)
                let payer = try await TestPayer("steadfast", at: before)
                let items = [try payer.item("one"), try payer.item("two", bytes: 5)]
                let ceiling = try Amount.sum(items.map(\.maxFee))
                let voucher = payer.signed(payer.voucher(sequence: 1, ceiling: ceiling, items: items), items)
                let receipts = try #require(try await payer.send(voucher).receipts)
                let state = try await payer.state()

                before.program.send(SIGKILL)
                try await before.program.wait(seconds: 10)
                if killed != "the service" { try await killPostgres(workshop) }

                let after = try await ServiceProcess.start(in: workshop)
                #expect(after.genesis == before.genesis)
                let same = TestPayer(payer, at: after)
                #expect(try await same.state() == state)
                let again = try #require(try await same.send(voucher).receipts)
                #expect(try again.map { try $0.parsed().leaf } == receipts.map { try $0.parsed().leaf })
                #expect(again.map(\.salt) == receipts.map(\.salt))
                for receipt in again {
                    let genesis = after.genesis
                    try receipt.parsed().check(logID: genesis.logID, logKey: genesis.logKey, domain: genesis.domain)
                }
                #expect(try await same.state() == state)
                try await after.stop(in: workshop)
            }
        }

        @Test("a second service on the same data directory is refused, and the first goes on", .timeLimit(.minutes(10)))
        func secondIsRefused() async throws {
            try await Workshop.with { workshop in
                let first = try await ServiceProcess.start(in: workshop)
                let second = try await workshop.run([
                    "serve", "--data-dir", workshop("data"), "--port", "0", "--log-level", "critical",
                ])
                #expect(second.status == 1)
                #expect(second.complaints.count == 1, "\(second.errors)")
                #expect(second.errors.contains(workshop("data")), "\(second.errors)")
                _ = try await TestPayer("after the second", at: first)
                try await first.stop(in: workshop)
            }
        }

        /// Kills the cluster as a loss of power would, and waits until its helpers are gone.
        private func killPostgres(_ workshop: Workshop) async throws {
            let file = try String(contentsOfFile: workshop("data/postgres/data/postmaster.pid"), encoding: .utf8)
            let postmaster = try #require(file.split(separator: "\n").first.flatMap { pid_t($0) })
            kill(postmaster, SIGKILL)
            // Its number stays taken until the system has collected it, and PostgreSQL looks at that.
            try await eventually(within: 30, "PostgreSQL's processes to be gone") {
                workshop.processes.isEmpty && kill(postmaster, 0) != 0
            }
        }
    }
}
