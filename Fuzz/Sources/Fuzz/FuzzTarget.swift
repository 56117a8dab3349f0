import ResourceMeter
import Foundation

/// A decoder under test, or some that take the same inputs.
struct FuzzTarget: Sendable {
    /// The most memory that an input may take at a time: `fixed + perByte × its size`.
    struct MemoryBound: Sendable {
        let fixed: Int
        let perByte: Int

        /// Lists reserve room for 1,024 elements before they believe a count.
        static let binary = MemoryBound(fixed: 1 << 18, perByte: 32)
        /// Foundation's JSON decoder keeps a map of the text, and errors carry paths.
        static let json = MemoryBound(fixed: 1 << 18, perByte: 256)
    }

    private static let cpuNanosecondsMax: UInt64 = 1_000_000_000

    let name: String
    let memory: MemoryBound
    /// Inputs to begin with.
    let seeds: @Sendable () throws -> [[UInt8]]
    /// Decodes an input and calls ``violation(_:)`` where something else comes out than should.
    let run: @Sendable ([UInt8]) -> Void

    init(
        _ name: String, memory: MemoryBound = .binary, seeds: @escaping @Sendable () throws -> [[UInt8]],
        run: @escaping @Sendable ([UInt8]) -> Void
    ) {
        self.name = name
        self.memory = memory
        self.seeds = seeds
        self.run = run
    }

    static let all =
        canonicalTargets + textTargets + proofTargets + peerTargets + jsonTargets + fileTargets + auditTargets
        + walletTargets + rollbackTargets + rewardTargets + exportTargets

    /// Runs an input and checks what it took.
    func test(_ bytes: [UInt8]) {
        // What is made once and kept (type metadata, tables) counts in the first run only.
        let bound = memory.fixed + memory.perByte * bytes.count
        guard measure(bytes) > bound else { return }
        let found = measure(bytes)
        require(found <= bound, "\(bytes.count) bytes of input took \(found) bytes of memory, more than \(bound)")
    }

    /// Runs an input and returns how many bytes of memory it took.
    private func measure(_ bytes: [UInt8]) -> Int {
        meter_start()
        run(bytes)
        let taken = meter_stop()
        require(
            taken.cpu_nanoseconds <= Self.cpuNanosecondsMax,
            "\(bytes.count) bytes of input took \(taken.cpu_nanoseconds) ns of CPU time")
        return taken.peak_bytes
    }

    /// Writes each seed into a file of its own.
    func writeSeeds(to folder: String) throws {
        let folder = URL(filePath: folder).appending(component: name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (number, seed) in try seeds().enumerated() {
            try Data(seed).write(to: folder.appending(component: "seed-\(number)"))
        }
    }
}
