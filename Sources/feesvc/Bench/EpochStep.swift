import ArgumentParser
import Channels
import Foundation
import Primitives
import Rewards

/// A part of `feesvc bench epoch` that runs in a process of its own, so that its memory is its own.
struct EpochStep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "epoch-step", abstract: "A part of bench epoch.", shouldDisplay: false)

    enum Step: String, ExpressibleByArgument {
        /// Ends the open epoch at its edge.
        case edge
        /// Has the nodes say what they hold and observed.
        case statements
        /// Captures base fees at the delivery cut and seals the epoch.
        case seal
        /// Ends the epoch after it and seals it.
        case next
        /// Builds a reward tree with all proofs.
        case tree
    }

    /// What a step prints as its last line.
    struct Outcome: Codable {
        let seconds: Double
    }

    @Argument var step: Step
    @Option var directory = ""
    @Option var nodes = 0
    @Option var observed = 0
    @Option var charges = 0
    @Option var treeLeaves = 0

    func run() async throws {
        try await Presentation.reportingErrors {
            let seconds = step == .tree ? try tree() : try await service()
            print(String(decoding: try JSONEncoder().encode(Outcome(seconds: seconds)), as: UTF8.self))
        }
    }

    private func service() async throws -> Double {
        let preload = EpochPreload(directory: directory, say: { _ in })
        return try await preload.service.withService { service in
            let clock = ContinuousClock()
            let begin = clock.now
            switch step {
            case .edge: try await preload.advance(service, to: service.genesis.epochs.edge(of: 1))
            case .statements: try await preload.state(service, nodes: nodes, observed: observed, charges: charges)
            case .seal:
                try await preload.advance(service, to: service.genesis.epochs.deliveryCut(of: 1))
                _ = try await service.seal(1)
            case .next:
                try await preload.advance(service, to: service.genesis.epochs.edge(of: 2))
                _ = try await service.seal(2)
            case .tree: break
            }
            return Self.seconds(begin.duration(to: clock.now))
        }
    }

    private func tree() throws -> Double {
        let rows = (1...UInt32(treeLeaves)).map { node in
            let amount = Amount(UInt128(node) * 1_000_003)
            let address = SHA256.hash([UInt8](withUnsafeBytes(of: node) { Array($0) })).bytes.prefix(20)
            return RewardRow(
                node: node, payout: Address(Array(address)) ?? .zero,
                contribution: Contribution(held: 1, available: 1, attested: 1), earned: amount, shared: .zero,
                reward: amount, cumulative: amount)
        }
        let clock = ContinuousClock()
        let begin = clock.now
        guard let tree = RewardTree(rows) else { throw OperatorError("A tree needs a leaf.") }
        let hashes = rows.reduce(0) { $0 + (tree.proof(of: $1.node)?.count ?? 0) }
        let seconds = Self.seconds(begin.duration(to: clock.now))
        guard hashes > 0 || treeLeaves == 1 else { throw OperatorError("The tree has no proofs.") }
        return seconds
    }

    static func seconds(_ duration: Duration) -> Double { Double(duration / .microseconds(1)) / 1e6 }
}
