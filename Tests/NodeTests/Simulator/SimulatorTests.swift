import FoundationEssentials
import Channels
import Primitives
import Testing

@testable import Node

/// Nodes, network, disks and scheduling from one seed; a seed that fails fails again.
///
/// `SIMULATOR_SEEDS` says how many seeds of each scenario run (40 where it is not set), `SIMULATOR_FIRST` which is the first,
/// `SIMULATOR_TRACE` prints what happens.
@Suite struct SimulatorTests {
    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["SIMULATOR_FIRST"].flatMap { UInt64($0) } ?? 1
        let count = environment["SIMULATOR_SEEDS"].flatMap { UInt64($0) } ?? 40
        return first..<first + count
    }()

    /// Whether each step is printed.
    private static let isTold = ProcessInfo.processInfo.environment["SIMULATOR_TRACE"] != nil

    private func run(_ scenario: Scenario, seeds: Range<UInt64> = seeds) async throws {
        try await withThrowingDiscardingTaskGroup { group in
            let lanes = UInt64(ProcessInfo.processInfo.activeProcessorCount)
            for lane in 0..<lanes {
                group.addTask {
                    for seed in stride(from: seeds.lowerBound + lane, to: seeds.upperBound, by: Int(lanes)) {
                        try await Self.run(scenario, seed: seed)
                    }
                }
            }
        }
    }

    private static func run(_ scenario: Scenario, seed: UInt64) async throws {
        let world = World(scenario, seed: seed)
        let faults = try await world.run()
        #expect(faults.isEmpty, "seed \(seed): \(faults.joined(separator: "; "))")
        if isTold { print((world.trace + ["seed \(seed)"]).joined(separator: "\n")) }
    }

    /// An eighth, a quarter, … of the seeds.
    private static func some(_ part: UInt64) -> Range<UInt64> {
        seeds.lowerBound..<seeds.lowerBound + max(1, UInt64(seeds.count) / part)
    }

    @Test(.timeLimit(.minutes(30)))
    func `P1, P6, P8, P19, P28: after crashes, full disks and partitions nodes are equal, nothing is lost`()
        async throws
    {
        try await run(Scenario())
    }

    @Test(.timeLimit(.minutes(30)), arguments: Behaviour.allCases)
    func `P11, P12, P16: beside a peer that lies, honest nodes are equal, and nothing is lost`(
        _ behaviour: Behaviour
    ) async throws {
        try await run(Scenario(honest: 3, byzantine: [behaviour]), seeds: Self.some(8))
    }

    @Test(.timeLimit(.minutes(30)))
    func `P14: an originator that contradicts itself is held alike by all, and nobody else is accused`() async throws {
        try await run(Scenario(honest: 3, byzantine: [.breaking], hasForger: true, steps: 160))
    }

    @Test(.timeLimit(.minutes(30)))
    func `P8, P23: while days pass quickly nothing that was dropped comes back`() async throws {
        try await run(Scenario(steps: 160, loss: 60, fullDisks: false, hours: 40))
    }

    @Test(.timeLimit(.minutes(30)))
    func `P22: while nodes come, go and crash, no shard is let go of before all that are assigned hold it`()
        async throws
    {
        for (bits, replication) in [(2, 2), (1, 1), (0, 2)] as [(UInt8, UInt16)] {
            let sharding = try #require(Sharding(bits: bits, replication: replication))
            try await run(
                Scenario(honest: 4, steps: 200, sharding: sharding, hours: 20), seeds: Self.some(6))
        }
    }

    @Test(.timeLimit(.minutes(30)))
    func
        `whatever lists and messages come in whatever order, closed topics hold the same everywhere, and nobody else's`()
        async throws
    {
        try await run(
            Scenario(honest: 3, byzantine: [.breaking], steps: 160, hasClosedTopics: true), seeds: Self.some(4))
    }

    @Test(.timeLimit(.minutes(30)))
    func `P9: clocks that are early, late, an hour back or in 2038 drop nothing early and stop nobody`() async throws {
        try await run(Scenario(steps: 160, fullDisks: false, hours: 30, wildClocks: true), seeds: Self.some(2))
    }

    @Test(.timeLimit(.minutes(30)))
    func `P17: beside a peer that floods, honest nodes lose nothing, and their queues stay as short`() async throws {
        try await run(Scenario(byzantine: [.flooding], loss: 50, queue: 8), seeds: Self.some(8))
    }

    @Test(.timeLimit(.minutes(30)))
    func `P18: peers too slow for a queue of two events lose none of them`() async throws {
        try await run(Scenario(loss: 70, queue: 2), seeds: Self.some(2))
    }

    @Test(.timeLimit(.minutes(30)))
    func `P30: what gossip lost arrives when each has compared with each once`() async throws {
        let quiet = Scenario(
            steps: 60, loss: 100, crashes: false, fullDisks: false, partitions: false, hours: 4, rounds: 1)
        try await run(quiet, seeds: Self.some(2))
    }

    @Test(.timeLimit(.minutes(30)))
    func `answers that are stored while the next is fetched leave honest nodes equal too`() async throws {
        try await run(Scenario(byzantine: [.single], hasForger: true, takes: 2), seeds: Self.some(4))
    }

    @Test func `a seed gives the same run again, to the last step`() async throws {
        let scenario = Scenario(byzantine: [.corrupting], hasForger: true)
        var traces: Set<[String]> = []
        for _ in 0..<3 {
            let world = World(scenario, seed: 77)
            _ = try await world.run()
            traces.insert(world.trace.map { $0.replacing(world.network.directory.path, with: "") })
        }
        #expect(traces.count == 1)
    }
}
