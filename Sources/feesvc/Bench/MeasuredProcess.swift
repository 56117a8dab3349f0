import Foundation

/// This program with some arguments, run to its end as a process of its own and watched meanwhile.
struct MeasuredProcess {
    /// What was seen.
    struct Outcome {
        let seconds: Double
        /// The most resident memory that it had.
        let peakBytes: Int
        /// The most memory of their own that a process of PostgreSQL had meanwhile.
        let postgresBytes: Int
        let output: String
    }

    /// How often memory is looked at. The kernel keeps the largest value, so that only the last moment is missed.
    private static let period = Duration.milliseconds(5)
    /// PostgreSQL's processes are looked for each so many periods.
    private static let postgresEvery = 20

    let directory: String
    /// The postmaster that the process works with.
    let postmaster: Int32?

    /// Runs it; throws what it says where it fails.
    func run(_ arguments: [String]) async throws -> Outcome {
        let output = "\(directory)/step.out"
        try? FileManager.default.removeItem(atPath: output)
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        let clock = ContinuousClock()
        let begin = clock.now
        let process = try SpawnedProcess([program] + arguments, outputPath: output, keepsInputOpen: false)
        var peak = 0
        var postgres = 0
        var rounds = 0
        do {
            while process.isRunning {
                peak = max(peak, ProcessMemory.peak(of: process.processID) ?? 0)
                if let postmaster, rounds % Self.postgresEvery == 0 {
                    let children = ProcessorTime.children(of: postmaster).compactMap { ProcessMemory.own(of: $0) }
                    postgres = max(postgres, children.max() ?? 0)
                }
                rounds += 1
                try await clock.sleep(for: Self.period)
            }
        } catch {
            await process.stop(within: 5)
            throw error
        }
        let seconds = EpochStep.seconds(begin.duration(to: clock.now))
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        guard await process.waitForEnd() == 0 else {
            throw OperatorError("feesvc \(arguments.joined(separator: " ")) failed: \(text.suffix(400))")
        }
        return Outcome(seconds: seconds, peakBytes: peak, postgresBytes: postgres, output: text)
    }
}
