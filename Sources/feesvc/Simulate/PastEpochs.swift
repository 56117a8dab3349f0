import Primitives
import Rewards

/// Exported epochs, split by another ruleset.
struct PastEpochs {
    /// A node's reward of an epoch, as it was and as it would be.
    struct Row: Codable, Equatable {
        let epoch: UInt64
        let node: UInt32
        let `operator`: Address
        let ruleset: UInt32
        let paid: Amount
        let simulated: Amount
    }

    let rows: [Row]
    private let pools: [(epoch: UInt64, paid: EpochResult, simulated: EpochResult)]

    /// Audits and splits every epoch in the folders.
    init(_ ruleset: Ruleset, _ directories: [String]) throws {
        var rows: [Row] = []
        var pools: [(epoch: UInt64, paid: EpochResult, simulated: EpochResult)] = []
        for directory in directories {
            try DirectoryChain.audit(directory) { audited in
                let paid = audited.audit.result
                var inputs = audited.audit.inputs
                inputs.ruleset = ruleset
                let simulated = try EpochResult.compute(inputs)
                let operators = Dictionary(inputs.snapshot.map { ($0.node, $0.operatorAddress) }) { first, _ in first }
                pools.append((audited.epoch, paid, simulated))
                rows += zip(paid.rows, simulated.rows).map { before, after in
                    Row(
                        epoch: audited.epoch, node: before.node, operator: operators[before.node] ?? .zero,
                        ruleset: paid.ruleset, paid: before.reward, simulated: after.reward)
                }
            }
        }
        self.rows = rows
        self.pools = pools
    }

    /// A table with a line a node, and one for what is not a node's.
    var text: String {
        var lines: [[String]] = []
        for (epoch, paid, simulated) in pools {
            for row in rows where row.epoch == epoch {
                lines.append(line(epoch, "node \(row.node)", row.paid, row.simulated))
            }
            lines.append(line(epoch, "applications", paid.apps, simulated.apps))
            lines.append(line(epoch, "protocol", paid.protocolIncome, simulated.protocolIncome))
            lines.append(line(epoch, "dust", paid.dust, simulated.dust))
        }
        return TextTable.render(["epoch", "who", "paid", "simulated", "difference"], lines)
    }

    private func line(_ epoch: UInt64, _ who: String, _ old: Amount, _ new: Amount) -> [String] {
        [String(epoch), who, old.decimal, new.decimal, Self.difference(old, new)]
    }

    private static func difference(_ old: Amount, _ new: Amount) -> String {
        if let more = try? new.subtracting(old) { return more == .zero ? "0" : "+\(more)" }
        return "-" + ((try? old.subtracting(new).decimal) ?? "")
    }
}
