import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem.ShortTraceRun {
    /// A second run of the same trace with the same seed, kept running for exports.
    @Suite("run twice")
    struct Repeatability {
        @Test(
            "the same seed gives the same money and the same bytes, figures lead to entries, Ctrl-C ends a demo that stays",
            .timeLimit(.minutes(10)))
        func sameAgain() async throws {
            let first = try SharedDemo.get()
            try await Workshop.with { workshop in
                let trace = try await SharedDemo.writeTrace(in: workshop)
                let demo = try workshop.start(SharedDemo.arguments(trace: trace, in: workshop) + ["--stay"])
                try await demo.wait(seconds: 240, until: "it says that it stays") {
                    demo.output.contains("Ctrl-C ends it all.")
                }
                compare(first.summary, try DemoSummary.lastLine(of: demo.output))

                let database = try #require(
                    demo.output.split(separator: "\n").first { $0.hasPrefix("Its database: ") }?.dropFirst(14))
                try await compareExports(workshop, database: String(database))
                try await refuseToExport(workshop, database: String(database))
                try await followFigures(workshop, database: String(database))
                try await proveWhatIsOwed(workshop, database: String(database))

                demo.send(SIGINT)
                let status = try await demo.wait(seconds: 30)
                #expect(status == 130)
                #expect(workshop.processes == [])
            }
        }

        private func compare(_ first: DemoSummary, _ second: DemoSummary) {
            #expect(first.epochs.count == second.epochs.count)
            #expect(first.welcomed == second.welcomed)
            for (one, other) in zip(first.epochs, second.epochs) {
                #expect(one.charged == other.charged, "charged in epoch \(one.epoch)")
                #expect(one.captured == other.captured, "captured in epoch \(one.epoch)")
                #expect(one.held == other.held, "held at the edge of epoch \(one.epoch)")
                #expect(one.postageHeld == other.postageHeld, "postage held at the edge of epoch \(one.epoch)")
                #expect(one.refunded == other.refunded, "refunded in epoch \(one.epoch)")
                #expect(one.pool == other.pool, "pool of epoch \(one.epoch)")
            }
        }

        /// Every figure of the third epoch's report, and in the first four what went back.
        private func followFigures(_ workshop: Workshop, database: String) async throws {
            try await TracedFigures(workshop: workshop, database: database, epoch: 3).follow()
            var grounds: Set<String> = []
            for epoch in 1...4 {
                let figures = TracedFigures(workshop: workshop, database: database, epoch: epoch)
                grounds.formUnion(try await figures.followRefunds())
            }
            #expect(grounds == ["welcomed", "deleted-early", "charged-twice", "declared-outage"])
        }

        /// The statement of an epoch in its report and its export, and a proof that is made of it later.
        private func proveWhatIsOwed(_ workshop: Workshop, database: String) async throws {
            let folder = workshop("solvency")
            let state = try await workshop.run([
                "solvency", "state", "--database-url", database, "--epoch", "2", "--out", folder,
            ])
            #expect(state.status == 0, "\(state.errors)")
            let exported = workshop("out") + "/epoch-0002/solvency.json"
            let statement = try String(contentsOfFile: exported, encoding: .utf8)
            #expect(statement == (try String(contentsOfFile: folder + "/solvency.json", encoding: .utf8)))
            let reported = try String(
                contentsOfFile: workshop("out") + "/report-epoch-0002/solvency-statement.csv", encoding: .utf8)
            #expect(statement.contains(try #require(reported.split(separator: "\r\n").last?.prefix(66))))

            let owed = try String(contentsOfFile: folder + "/liabilities.csv", encoding: .utf8)
            let channel = try #require(owed.split(separator: "\r\n").first { $0.hasPrefix("channel:") }?.prefix(74))
            let proof = try await workshop.run(["solvency", "prove", folder, "--account", String(channel)])
            #expect(proof.status == 0, "\(proof.errors)")
            let file = try workshop.write("proof.json", proof.output.utf8)
            let good = try await workshop.run(["solvency", "verify", exported, file])
            #expect(good.status == 0, "\(good.errors)")
            let other = workshop("out") + "/epoch-0003/solvency.json"
            #expect(try await workshop.run(["solvency", "verify", other, file]).status == 1)
        }

        /// An export to a folder that can't be made, and of an epoch that there is not.
        private func refuseToExport(_ workshop: Workshop, database: String) async throws {
            let path = try workshop.write("file", []) + "/below"
            for (arguments, name) in [
                (["--out", path], path), (["--out", workshop("none"), "--epoch", "999"], "999"),
            ] {
                let outcome = try await workshop.run(["export", "--database-url", database] + arguments)
                #expect(outcome.status == 1)
                #expect(outcome.complaints.count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains(name), "\(outcome.errors)")
                #expect(!outcome.errors.contains("NSCocoaErrorDomain"), "a number is no reason: \(outcome.errors)")
            }
            #expect(!Leftovers.exists(workshop("none")))
        }

        /// The demo's own reports and two later exports, one by flag and one by environment.
        private func compareExports(_ workshop: Workshop, database: String) async throws {
            let byFlag = try await workshop.run(["export", "--database-url", database, "--out", workshop("by-flag")])
            #expect(byFlag.status == 0, "\(byFlag.errors)")
            let byEnvironment = try await workshop.run(
                ["export", "--out", workshop("by-environment")], environment: ["FEESVC_DATABASE_URL": database])
            #expect(byEnvironment.status == 0, "\(byEnvironment.errors)")

            let all = try FolderContent.read(workshop("out"))
            let own = all.filter { $0.key.hasPrefix("epoch-") }
            let report = try await workshop.run(
                ["report", "--database-url", database, "--epoch", "2", "--out", workshop("report")],
                environment: ["TZ": "Pacific/Auckland", "LC_ALL": "de_DE.UTF-8"])
            #expect(report.status == 0, "\(report.errors)")
            let reported = all.filter { $0.key.hasPrefix("report-epoch-0002/") }
            #expect(reported.count > 15)
            let again = try FolderContent.read(workshop("report"))
            let differing = Set(again.keys).union(reported.keys).filter { again[$0] != reported[$0] }
            #expect(differing.sorted() == [], "files of the report that differ")
            #expect(own.count > 50, "every epoch has its files: \(own.keys.sorted())")
            for name in ["by-flag", "by-environment"] {
                let export = try FolderContent.read(workshop(name))
                #expect(export.keys.sorted() == own.keys.sorted())
                #expect(own.keys.filter { export[$0] != own[$0] }.sorted() == [], "files that differ in \(name)")
            }
        }
    }
}

/// The files below a folder.
enum FolderContent {
    /// Their bytes, by path from the folder.
    static func read(_ path: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder), !isFolder.boolValue
            else { continue }
            files[name] = try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
        }
        return files
    }
}
