import Foundation
import Primitives
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// Databases that are behind what was shown, and services that wait for their turn.
    @Suite("older copies and standbys")
    struct OlderCopy {
        private func shell(_ words: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = words
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Overdue(description: "\(words) failed") }
        }

        @Test("a database restored from an older copy is not run on", .timeLimit(.minutes(10)))
        func restored() async throws {
            try await Workshop.with { workshop in
                let first = try await ServiceProcess.start(in: workshop)
                _ = try await TestPayer("early", at: first)
                try await first.stop(in: workshop)
                try shell("cp", "-a", workshop("data/postgres"), workshop("copy"))
                let second = try await ServiceProcess.start(in: workshop)
                _ = try await TestPayer("late", at: second)
                try await second.stop(in: workshop)

                try shell("rm", "-r", workshop("data/postgres"))
                try shell("cp", "-a", workshop("copy"), workshop("data/postgres"))
                let third = try await workshop.run(["serve", "--data-dir", workshop("data"), "--port", "0"])
                #expect(third.status == 1)
                #expect(third.errors.contains("older copy"), "\(third.errors)")
                #expect(workshop.processes == [])

                // A history that forked from the copy is as long and not the same.
                try shell("rm", workshop("data/newest-head"))
                let fork = try await ServiceProcess.start(in: workshop)
                _ = try await TestPayer("someone else", at: fork)
                _ = try await TestPayer("and another", at: fork)
                try await fork.stop(in: workshop)
                let head = try Data(contentsOf: URL(fileURLWithPath: workshop("data/newest-head")))
                try shell("rm", "-r", workshop("data/postgres"))
                try shell("cp", "-a", workshop("copy"), workshop("data/postgres"))
                try shell("rm", workshop("data/newest-head"))
                let other = try await ServiceProcess.start(in: workshop)
                for name in ["x", "y", "z"] { _ = try await TestPayer(name, at: other) }
                try await other.stop(in: workshop)
                try head.write(to: URL(fileURLWithPath: workshop("data/newest-head")))
                try shell("chmod", "600", workshop("data/newest-head"))
                let last = try await workshop.run(["serve", "--data-dir", workshop("data"), "--port", "0"])
                #expect(last.status == 1)
                #expect(last.errors.contains("another history"), "\(last.errors)")
            }
        }

        @Test("a standby takes over when the service is killed, and nobody else writes", .timeLimit(.minutes(10)))
        func standby() async throws {
            try await Workshop.with { workshop in
                let first = try await ServiceProcess.start(in: workshop)
                let payer = try await TestPayer("loyal", at: first)
                let state = try await payer.state()
                try shell("mkdir", "-m", "700", workshop("standby"))
                try shell("cp", "-a", workshop("data/keys"), workshop("standby/keys"))
                let address = workshop("standby.address")
                let database = "host=\(workshop("data/postgres/run")) user=feesvc dbname=feesvc"
                let standby = try workshop.start(
                    [
                        "serve", "--standby", "--data-dir", workshop("standby"), "--database-url", database, "--port",
                        "0", "--address-file", address,
                    ], named: "standby")
                try await standby.wait(seconds: 60, until: "it stands by") { standby.errors.contains("standing by") }
                #expect(!Leftovers.exists(address))

                first.program.send(SIGKILL)
                try await first.program.wait(seconds: 10)
                try await standby.wait(seconds: 60, until: "it answers") { Leftovers.exists(address) }
                let bound = try String(contentsOfFile: address, encoding: .utf8)
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                let taken = ServiceProcess(
                    program: standby, client: HTTPConversation(base: "http://\(bound)"), genesis: first.genesis,
                    schedule: first.schedule, settlement: first.settlement)
                #expect(try await TestPayer(payer, at: taken).state() == state)
                _ = try await TestPayer("new", at: taken)
                standby.send(SIGTERM)
                #expect(try await standby.wait(seconds: 30) == 0, "\(standby.errors)")
                // The cluster was the first one's: it is started and stopped once more.
                try await ServiceProcess.start(in: workshop).stop(in: workshop)
            }
        }
    }
}
