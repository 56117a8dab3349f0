import Testing

/// One run of the short trace with four nodes, made once for all tests that only look at what it left.
struct SharedDemo: Sendable {
    let workshop: Workshop
    let outcome: Workshop.Outcome
    let summary: DemoSummary

    /// The folder of the reports.
    var out: String { workshop("out") }

    @TaskLocal static var current: SharedDemo?

    /// The run that the suite's trait provides.
    static func get() throws -> SharedDemo {
        try #require(current, "the suite carries .sharedDemo")
    }

    /// The arguments of a run of the short trace.
    static func arguments(trace: String, in workshop: Workshop, nodes: Int = 4) -> [String] {
        [
            "demo", "--trace", trace, "--out", workshop("out"), "--data-dir", workshop("data"), "--json",
            "--epoch-length", "\(ShortTrace.day)", "--seed", "7", "--nodes", "\(nodes)",
        ]
    }

    /// Writes the short trace as a file and returns its path.
    static func writeTrace(_ csv: String = ShortTrace.csv, in workshop: Workshop) async throws -> String {
        try workshop.write("trace.csv.gz", try await Gzip.compress(csv, in: workshop))
    }
}

/// Runs the demo before a suite's tests and clears up after them.
struct SharedDemoTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Workshop.with { workshop in
            let trace = try await SharedDemo.writeTrace(in: workshop)
            let outcome = try await workshop.run(SharedDemo.arguments(trace: trace, in: workshop), seconds: 240)
            let summary = try DemoSummary.lastLine(of: outcome.output + outcome.errors)
            try await SharedDemo.$current.withValue(SharedDemo(workshop: workshop, outcome: outcome, summary: summary))
            {
                try await function()
            }
        }
    }
}

extension Trait where Self == SharedDemoTrait {
    /// Gives a suite's tests one finished run of the short trace.
    static var sharedDemo: Self { Self() }
}

extension FeesvcSystem {
    /// Tests of what one run of the short trace left.
    @Suite("a short trace", .sharedDemo)
    enum ShortTraceRun {}
}
