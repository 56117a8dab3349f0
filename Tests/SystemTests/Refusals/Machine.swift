import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// A machine without PostgreSQL, and one whose disk is full.
    @Suite(
        "a machine that lacks something", .enabled("\(MountNamespace.reason)") { try await MountNamespace.isAvailable })
    struct Machine {
        @Test(
            "a missing PostgreSQL is named with what to install", .timeLimit(.minutes(10)),
            arguments: ["demo", "serve"])
        func postgresIsMissing(_ command: String) async throws {
            try await Workshop.with { workshop in
                let trace = try await SharedDemo.writeTrace(in: workshop)
                let rest = command == "demo" ? ["--trace", trace, "--out", workshop("out")] : ["--port", "0"]
                let program = try workshop.start(
                    words: MountNamespace.hiding(
                        "/usr/lib/postgresql", [FeesvcBinary.path, command, "--data-dir", workshop("data")] + rest),
                    named: command, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
                let status = try await program.wait(seconds: 30)
                #expect(status == 1)
                let complaints = program.errors.split(separator: "\n").filter { $0.hasPrefix("feesvc: ") }
                #expect(complaints.count == 1, "\(program.errors)")
                #expect(program.errors.contains("/usr/lib/postgresql"))
                #expect(program.errors.contains("apt-get install postgresql"))
                #expect(workshop.processes == [])
            }
        }

        // An ordinary user that plays root in a namespace has no user postgres to turn to.
        @Test(
            "a disk that is full when the cluster is made is named as such", .timeLimit(.minutes(10)),
            .enabled(if: geteuid() == 0, "only root can run the cluster as another user in a namespace"))
        func diskIsFull() async throws {
            try await Workshop.with { workshop in
                let program = try workshop.start(
                    words: MountNamespace.hiding(
                        workshop("tmp"), size: "8m",
                        [FeesvcBinary.path, "serve", "--data-dir", workshop("tmp/data"), "--port", "0"]),
                    named: "serve", environment: ["TMPDIR": workshop("")])
                let status = try await program.wait(seconds: 60)
                #expect(status == 1)
                let complaints = program.errors.split(separator: "\n").filter { $0.hasPrefix("feesvc: ") }
                #expect(complaints.count == 1, "\(program.errors)")
                #expect(complaints.first?.contains("No space left on device") == true, "\(program.errors)")
                #expect(workshop.processes == [])
            }
        }
    }
}
