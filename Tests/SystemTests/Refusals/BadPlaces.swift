import Foundation
import Testing

extension FeesvcSystem {
    /// Places that can't be used: ports, folders, data of another version.
    @Suite("places that can't be used")
    struct BadPlaces {
        @Test("a port in use is named, and PostgreSQL is stopped again", .timeLimit(.minutes(10)))
        func portInUse() async throws {
            try await Workshop.with { workshop in
                let socket = try ListeningSocket()
                let outcome = try await workshop.run([
                    "serve", "--data-dir", workshop("data"), "--port", "\(socket.port)", "--log-level", "critical",
                ])
                #expect(outcome.status == 1)
                #expect(outcome.complaints.count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains("127.0.0.1:\(socket.port)"), "\(outcome.errors)")
                #expect(workshop.processes == [])
            }
        }

        @Test(
            "a folder below a regular file can't be written, as its message says", .timeLimit(.minutes(10)),
            arguments: ["demo --out", "demo --data-dir", "serve --data-dir"])
        func unwritable(_ option: String) async throws {
            try await Workshop.with { workshop in
                let trace = try await SharedDemo.writeTrace(in: workshop)
                try workshop.write("file", [])
                let path = workshop("file") + "/below"
                var arguments = option.split(separator: " ").map(String.init) + [path]
                switch option {
                case "demo --out": arguments += ["--trace", trace]
                case "demo --data-dir": arguments += ["--trace", trace, "--out", workshop("out")]
                default: arguments += ["--port", "0"]
                }
                let program = try workshop.start(arguments)
                defer { Leftovers.clear(program) }
                let status = try await program.wait(seconds: 60)
                #expect(status == 1)
                #expect(program.errors.split(separator: "\n").count == 1, "\(program.errors)")
                #expect(program.errors.contains(path), "\(program.errors)")
                #expect(!program.errors.contains("NSCocoaErrorDomain"), "a number is no reason: \(program.errors)")
                #expect(!Leftovers.exists(Leftovers.demoFolder(program)), "\(Leftovers.demoFolder(program)) is left")
                #expect(workshop.processes == [])
            }
        }

        @Test("a data directory of another version is named and left alone", .timeLimit(.minutes(10)))
        func otherVersion() async throws {
            try await Workshop.with { workshop in
                let data = workshop("data")
                try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
                let marker = "feesvc service data, version 1999\n"
                try workshop.write("data/feesvc-service", Array(marker.utf8))
                let outcome = try await workshop.run(["serve", "--data-dir", data, "--port", "0"])
                #expect(outcome.status == 1)
                #expect(outcome.complaints.count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains(data))
                #expect(outcome.errors.contains("1999"))
                #expect(try FolderContent.read(data) == ["feesvc-service": Data(marker.utf8)])
            }
        }

        @Test(
            "a folder with other things in it is named and left alone", .timeLimit(.minutes(10)),
            arguments: ["demo", "serve"])
        func otherThings(_ command: String) async throws {
            try await Workshop.with { workshop in
                let data = workshop("data")
                let trace = try await SharedDemo.writeTrace(in: workshop)
                try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
                try workshop.write("data/letter.txt", Array("Dear".utf8))
                let rest = command == "demo" ? ["--trace", trace, "--out", workshop("out")] : ["--port", "0"]
                let outcome = try await workshop.run([command, "--data-dir", data] + rest)
                #expect(outcome.status == 1)
                #expect(outcome.complaints.count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains(data))
                #expect(try FolderContent.read(data) == ["letter.txt": Data("Dear".utf8)])
            }
        }
    }
}
