import Testing

extension FeesvcSystem.ShortTraceRun {
    /// The node that is killed half-way through the second epoch.
    @Suite("its killed node")
    struct KilledNode {
        @Test("it was less available in the second epoch, and earned less than each other", .timeLimit(.minutes(10)))
        func earnsLess() throws {
            let demo = try SharedDemo.get()
            let nodes = demo.summary.epochs[1].nodes
            let killed = try #require(nodes.last)
            #expect(nodes.count == 4)
            for other in nodes.dropLast() {
                #expect(killed.availablePpb < other.availablePpb)
                #expect(killed.reward.value < other.reward.value)
            }
            #expect(demo.outcome.errors.contains("node \(killed.node) was killed with SIGKILL"))
        }

        @Test("it earns as the others do before and after", .timeLimit(.minutes(10)))
        func earnsAgain() throws {
            for epoch in try SharedDemo.get().summary.epochs where epoch.epoch != 2 {
                #expect(Set(epoch.nodes.map(\.availablePpb)) == [1_000_000_000], "epoch \(epoch.epoch)")
                #expect(Set(epoch.nodes.map(\.reward.value)).count == 1, "epoch \(epoch.epoch)")
            }
        }
    }
}

extension FeesvcSystem {
    /// A demo with too few nodes to kill one.
    @Suite("two nodes")
    struct TwoNodes {
        @Test("none is killed, the output says so, and both earn alike", .timeLimit(.minutes(10)))
        func noneIsKilled() async throws {
            try await Workshop.with { workshop in
                let trace = try await SharedDemo.writeTrace(ShortTrace.csv(messages), in: workshop)
                let outcome = try await workshop.run(
                    SharedDemo.arguments(trace: trace, in: workshop, nodes: 2), seconds: 150)
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect((outcome.output + outcome.errors).contains("fewer than 4 nodes none is killed"))
                #expect(!(outcome.output + outcome.errors).contains("SIGKILL"))
                let summary = try DemoSummary.lastLine(of: outcome.output)
                #expect(summary.nodes == 2)
                #expect(summary.converged && summary.conserved)
                for epoch in summary.epochs {
                    #expect(epoch.nodes.map(\.availablePpb) == [1_000_000_000, 1_000_000_000], "epoch \(epoch.epoch)")
                }
                #expect(summary.epochs.count == 4)
            }
        }

        private var messages: [SentMessage] {
            [(3_600, 1, 500), (7_200, 2, 600), (90_000, 1, 700)].map {
                SentMessage(sentAt: ShortTrace.start + $0.0, sender: $0.1, topic: 1, bytes: $0.2)
            }
        }
    }
}
