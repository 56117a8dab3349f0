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
        for seed in seeds {
            let world = World(scenario, seed: seed)
            let faults = try await world.run()
            #expect(faults.isEmpty, "seed \(seed): \(faults.joined(separator: "; "))")
            if Self.isTold { print((world.trace + ["seed \(seed)"]).joined(separator: "\n")) }
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func
        `P1, P6, P8, P28: after crashes, full disks, losses and partitions honest nodes are equal and nothing is lost`()
        async throws
    {
        try await run(Scenario())
    }

    @Test(.timeLimit(.minutes(10)), arguments: Behaviour.allCases)
    func `P11, P12, P16: beside a peer that lies, honest nodes are equal, and nothing is lost`(
        _ behaviour: Behaviour
    ) async throws {
        let seeds = Self.seeds.lowerBound..<Self.seeds.lowerBound + max(1, UInt64(Self.seeds.count) / 8)
        try await run(Scenario(honest: 3, byzantine: [behaviour]), seeds: seeds)
    }

    @Test(.timeLimit(.minutes(10)))
    func `P14: an originator that contradicts itself is held alike by all, and nobody else is accused`() async throws {
        try await run(Scenario(honest: 3, byzantine: [.breaking], hasForger: true, steps: 160))
    }

    @Test(.timeLimit(.minutes(10)))
    func `P8, P23: while days pass quickly nothing that was dropped comes back`() async throws {
        try await run(Scenario(steps: 160, loss: 60, fullDisks: false, hours: 40))
    }

    @Test(.timeLimit(.minutes(10)))
    func `P22: while nodes come, go and crash, no shard is let go of before all that are assigned hold it`()
        async throws
    {
        for (bits, replication) in [(2, 2), (1, 1), (0, 2)] as [(UInt8, UInt16)] {
            let sharding = try #require(Sharding(bits: bits, replication: replication))
            let seeds = Self.seeds.lowerBound..<Self.seeds.lowerBound + max(1, UInt64(Self.seeds.count) / 2)
            try await run(Scenario(honest: 4, steps: 200, sharding: sharding, hours: 20), seeds: seeds)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func
        `whatever lists and messages come in whatever order, closed topics hold the same everywhere, and nobody else's`()
        async throws
    {
        try await run(Scenario(honest: 3, byzantine: [.breaking], steps: 160, hasClosedTopics: true))
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
