import ArgumentParser
import Foundation

/// `feesvc bench epoch`.
struct EpochBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "epoch", abstract: "Measure sealing, exporting, reporting and auditing an epoch of many charges.",
        discussion: """
            Puts an epoch's charges on record by the service's own code, each with a voucher that its payer's key signed, with \
            nodes that signed delivery lists and observations. Then it measures this program's own commands, each as a process \
            of its own: the epoch's edge, delivery cut and seal; the reward tree with all proofs; feesvc export; feesvc report \
            in each format; feesvc audit without and with --signatures; and export and audit once more with the epoch after \
            it, in which the base fees are captured. The program must be built in release mode.
            """)

    @Option(help: "How many charges.")
    var charges = 100_000
    @Option(help: "How many payers, each with a channel, pay in turn.")
    var payers = 1_000
    @Option(help: "How many nodes are registered.")
    var nodes = 100
    @Option(help: "Of how many others each node signs what it observed.")
    var observed = 5
    @Option(help: "Leaves of the reward tree that is built with all proofs.")
    var treeLeaves = 100_000
    @Option(help: "The folder to work in, on a disk with room; by default in /tmp.")
    var directory: String?
    @Flag(help: "Print one JSON object as the last line.")
    var json = false

    func validate() throws {
        guard charges > 0, (1...charges).contains(payers), (1...10_000).contains(nodes), (0..<nodes).contains(observed),
            treeLeaves > 0
        else {
            throw ValidationError(
                "--payers is from 1 to --charges, --nodes from 1 to 10000, and --observed below --nodes.")
        }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            let place = directory ?? "/tmp"
            let home = "\(place)/feesvc-bench-\(ProcessInfo.processInfo.processIdentifier)"
            var failure: (any Error)?
            do {
                try await Interruption.orEnd {
                    let report = try await EpochMeasurement(options: self, directory: home).run()
                    print(report.text)
                    if json { print(try report.json()) }
                }
            } catch {
                failure = error
            }
            await EpochMeasurement.end(home)
            if failure is Interruption { throw ExitCode(130) }
            if let failure { throw failure }
        }
    }
}
