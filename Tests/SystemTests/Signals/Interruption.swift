import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// Demos that are ended from outside.
    @Suite("interrupted")
    struct Interruption {
        /// When the signal comes.
        enum Moment: String, CaseIterable, CustomTestStringConvertible {
            case starting = "while PostgreSQL is set up"
            case replaying = "while messages are sent"

            var testDescription: String { rawValue }
        }

        @Test(
            "Ctrl-C ends a demo with 130 within 30 s, and leaves no process and no folder", .timeLimit(.minutes(10)),
            arguments: Moment.allCases)
        func controlC(_ moment: Moment) async throws {
            try await withDemo(at: moment) { demo, workshop in
                // A terminal sends the signal to the whole foreground group.
                demo.send(SIGINT, toGroup: true)
                let status = try await demo.wait(seconds: 30)
                #expect(status == 130, "\(demo.errors)")
                #expect(ProcessTable.naming(Leftovers.demoFolder(demo)) == [])
                #expect(!Leftovers.exists(Leftovers.demoFolder(demo)))
                #expect(workshop.processes == [])
                #expect(workshop.temporaryFiles == [])
            }
        }

        @Test(
            "after SIGKILL of the demo its processes are gone within 30 s", .timeLimit(.minutes(10)),
            arguments: Moment.allCases)
        func killed(_ moment: Moment) async throws {
            try await withDemo(at: moment) { demo, workshop in
                let folder = Leftovers.demoFolder(demo)
                #expect(!ProcessTable.naming(folder).isEmpty)
                demo.send(SIGKILL)
                let status = try await demo.wait(seconds: 5)
                #expect(status == 128 + SIGKILL)
                try await eventually(within: 30, "no process of \(folder) to be left") {
                    ProcessTable.naming(folder).isEmpty
                }
                #expect(workshop.processes == [])
            }
        }

        /// Starts a demo with its folder at the usual place, waits for the moment, and clears up whatever happens.
        private func withDemo(at moment: Moment, _ body: (Program, Workshop) async throws -> Void) async throws {
            try await Workshop.with { workshop in
                let trace = try await SharedDemo.writeTrace(in: workshop)
                let demo = try workshop.start([
                    "demo", "--trace", trace, "--out", workshop("out"), "--epoch-length", "\(ShortTrace.day)",
                ])
                defer { Leftovers.clear(demo) }
                let folder = Leftovers.demoFolder(demo)
                try await demo.wait(seconds: 120, until: "the demo is \(moment)") {
                    switch moment {
                    case .starting: Leftovers.exists(folder + "/service/postgres/data/base")
                    case .replaying: demo.errors.contains(" messages (")
                    }
                }
                try await body(demo, workshop)
            }
        }
    }
}
