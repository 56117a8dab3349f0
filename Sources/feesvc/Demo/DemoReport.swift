import Channels
import Foundation
import Ledger
import Primitives
import Rewards

/// What a demo shows at its end: tables for people, one JSON object for machines.
struct DemoReport {
    let trace: Trace
    let counts: DemoCounts
    let checks: DemoChecks
    let nodeCount: Int
    let out: String
    let seconds: Duration
    let memory: [(name: String, bytes: Int)]

    /// Whether everything that was checked is as it should be.
    var isGood: Bool { complaints.isEmpty }

    /// What is wrong, in one sentence.
    var complaint: String { "The demo is not good: " + complaints.joined(separator: "; ") + "." }

    private var complaints: [String] {
        var complaints: [String] = []
        if counts.accepted != trace.messages.count {
            complaints.append(
                "\(counts.accepted) of \(trace.messages.count) messages were accepted, \(counts.rejected) rejected")
        }
        if let failure = checks.convergenceFailure { complaints.append(failure) }
        if !checks.isConserved { complaints.append("custody is not the sum of all other accounts") }
        if let failure = checks.auditFailure { complaints.append("the audit disagrees: \(failure)") }
        complaints += checks.refundFailures
        if counts.claimedTwice > 0 { complaints.append("\(counts.claimedTwice) second claims paid something") }
        if checks.epochs.isEmpty { complaints.append("no epoch was sealed") }
        return complaints
    }

    private struct Line {
        let audit: DirectoryAudit
        let held: Amount
        let postageHeld: Amount
        let captured: Amount

        init(_ audit: DirectoryAudit) throws {
            self.audit = audit
            let held = try audit.audit.replay.heldNow()
            postageHeld = held.postage
            self.held = try held.total
            let flows = audit.audit.replay.flows
            captured = try Amount.sum([flows.base, flows.storage, flows.postage])
        }
    }

    private var elapsed: Double {
        Double(seconds.components.seconds) + Double(seconds.components.attoseconds) / 1e18
    }

    // MARK: Tables

    var text: String {
        let lines = (try? checks.epochs.map(Line.init)) ?? []
        var parts = ["", "Epochs (USD; 12 decimals, flows in the epoch, balances at its edge)", epochTable(lines)]
        parts += ["Refunds (USD, all epochs; paid out of holds at once, out of a pool at its edge)", refundTable()]
        parts += ["Operators", operatorTable()]
        let held = checks.heldAtEnd.map { "\($0.account.name) \(Self.dollars($0.balance))" }.joined(separator: ", ")
        parts.append(
            "Still held at the end: \(held). Base fees of the last epoch wait for its delivery cut, storage for days to come.\n"
        )
        parts += ["Memory at its peak", memoryTable()]
        parts.append(
            """
            \(counts.accepted) messages paid and published, \(counts.rejected) rejected, \(counts.refunded) refunds \
            in \(Self.decimal(elapsed, places: 1)) s.
            All nodes hold the same events: \(checks.isConverged ? "yes" : "NO"). Custody equals all other accounts: \
            \(checks.isConserved ? "yes" : "NO"). Audit agrees: \(checks.auditFailure == nil ? "yes" : "NO"). \
            Refunds are what payers were told: \(checks.refundFailures.isEmpty ? "yes" : "NO").
            Reports: \(out)/\(EpochExport.directoryName(1)) … ; check them with: feesvc audit \(out)
            """)
        return parts.joined(separator: "\n")
    }

    private func epochTable(_ lines: [Line]) -> String {
        TextTable.render(
            ["epoch", "charged", "captured", "refunded", "held", "of it postage", "pool", "rewards", "dust (units)"],
            lines.map { line in
                let flows = line.audit.audit.replay.flows
                let result = line.audit.audit.result
                return [
                    "\(line.audit.epoch)", Self.dollars(flows.charged), Self.dollars(line.captured),
                    Self.dollars(flows.refunded), Self.dollars(line.held), Self.dollars(line.postageHeld),
                    Self.dollars(result.pool), Self.dollars(result.rewards), "\(result.dust)",
                ]
            })
    }

    private func refundTable() -> String {
        let grounds = (try? RefundFigures.sum(checks.refunds)) ?? []
        return TextTable.render(
            ["ground", "refunds", "base", "storage", "postage", "in all", "of it paid"],
            grounds.map { figures in
                let base = (try? figures.parts.base.adding(figures.parts.congestion)) ?? .max
                return [figures.ground.name, "\(figures.refunds)"]
                    + [
                        base, figures.parts.storage, figures.parts.postage, (try? figures.amount()) ?? .max,
                        figures.paid,
                    ].map(Self.dollars)
            })
    }

    private func operatorTable() -> String {
        var rows: [[String]] = []
        for node in checks.nodes {
            for epoch in checks.epochs {
                guard let row = epoch.audit.result.rows.first(where: { $0.node == node.number }) else { continue }
                rows.append([
                    "\(node.number)", "\(epoch.epoch)", Self.percent(row.contribution.held),
                    Self.percent(row.contribution.available), Self.percent(row.contribution.attested),
                    Self.percent(row.contribution.quality), Self.dollars(row.earned), Self.dollars(row.shared),
                    Self.dollars(row.reward), Self.dollars(row.cumulative),
                ])
            }
            rows.append([
                "\(node.number)", "all", "", "", "", "", "", "", "claimed",
                Self.dollars(checks.claimed[node.number] ?? .zero),
            ])
        }
        return TextTable.render(
            ["node", "epoch", "held", "available", "attested", "weight", "earned", "shared", "reward", "cumulative"],
            rows)
    }

    private func memoryTable() -> String {
        TextTable.render(
            ["process", "MB"], memory.map { [$0.name, Self.decimal(Double($0.bytes) / 1e6, places: 1)] })
    }

    /// Picodollars as dollars, exact.
    private static func dollars(_ amount: Amount) -> String {
        let digits = amount.decimal
        let padded = String(repeating: "0", count: max(0, 13 - digits.count)) + digits
        return padded.dropLast(12) + "." + padded.suffix(12)
    }

    private static func percent(_ parts: UInt32) -> String {
        let tenths = (UInt64(parts) * 1_000 + 500_000_000) / 1_000_000_000
        return "\(tenths / 10).\(tenths % 10) %"
    }

    private static func decimal(_ value: Double, places: Int) -> String {
        value.formatted(
            .number.precision(.fractionLength(places)).grouping(.never).locale(Locale(identifier: "en_US_POSIX")))
    }

    // MARK: JSON

    /// The object that `--json` prints.
    private struct Summary: Encodable {
        struct Epoch: Encodable {
            let epoch: UInt64
            let charged: Amount
            let captured: Amount
            let held: Amount
            let postageHeld: Amount
            let refunded: Amount
            let refundedByPool: Amount
            let refunds: [Refunds]
            let pool: Amount
            let rewards: Amount
            let dust: Amount
            let root: Bytes32
            let welcomed: Int
            let nodes: [NodeLine]
        }

        /// What went back on one ground; `paid` is what of `amount`, or of what was owed before, was paid.
        struct Refunds: Encodable {
            let ground: String
            let refunds: Int
            let base: Amount
            let congestion: Amount
            let storage: Amount
            let postage: Amount
            let amount: Amount
            let paid: Amount

            init(_ figures: GroundFigures) throws {
                ground = figures.ground.name
                refunds = figures.refunds
                base = figures.parts.base
                congestion = figures.parts.congestion
                storage = figures.parts.storage
                postage = figures.parts.postage
                amount = try figures.amount()
                paid = figures.paid
            }
        }

        struct NodeLine: Encodable {
            let node: UInt32
            let heldPpb: UInt32
            let availablePpb: UInt32
            let attestedPpb: UInt32
            let reward: Amount
            let cumulative: Amount
        }

        struct Process: Encodable {
            let name: String
            let peakMemoryBytes: Int
        }

        let messages: Int
        let accepted: Int
        let rejected: Int
        let payers: Int
        let topics: Int
        let welcomed: Int
        let nodes: Int
        let converged: Bool
        let conserved: Bool
        let audited: Bool
        let refunds: [Refunds]
        let seconds: Double
        let epochs: [Epoch]
        let processes: [Process]
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(try summary()), as: UTF8.self)
    }

    private func summary() throws -> Summary {
        Summary(
            messages: trace.messages.count, accepted: counts.accepted, rejected: counts.rejected,
            payers: trace.senderCount, topics: trace.topicCount, welcomed: counts.welcomed, nodes: nodeCount,
            converged: checks.isConverged, conserved: checks.isConserved, audited: checks.auditFailure == nil,
            refunds: try RefundFigures.sum(checks.refunds).map(Summary.Refunds.init),
            seconds: (elapsed * 1_000).rounded() / 1_000, epochs: try zip(checks.epochs, checks.refunds).map(epoch),
            processes: memory.map { Summary.Process(name: $0.name, peakMemoryBytes: $0.bytes) })
    }

    private func epoch(_ audit: DirectoryAudit, _ refunds: RefundFigures) throws -> Summary.Epoch {
        let line = try Line(audit)
        let flows = audit.audit.replay.flows
        let result = audit.audit.result
        return Summary.Epoch(
            epoch: audit.epoch, charged: flows.charged, captured: line.captured, held: line.held,
            postageHeld: line.postageHeld, refunded: flows.refunded,
            refundedByPool: flows.repaid, refunds: try refunds.grounds.map(Summary.Refunds.init), pool: result.pool,
            rewards: result.rewards,
            dust: result.dust, root: result.root, welcomed: flows.welcomed,
            nodes: result.rows.map {
                Summary.NodeLine(
                    node: $0.node, heldPpb: $0.contribution.held, availablePpb: $0.contribution.available,
                    attestedPpb: $0.contribution.attested, reward: $0.reward, cumulative: $0.cumulative)
            })
    }
}

/// A table in plain text, numbers on the right.
enum TextTable {
    static func render(_ columns: [String], _ rows: [[String]]) -> String {
        let widths = columns.indices.map { column in
            ([columns] + rows).map { $0[column].count }.max() ?? 0
        }
        func line(_ cells: [String]) -> String {
            zip(cells, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([line(columns), rule] + rows.map(line)).joined(separator: "\n") + "\n"
    }
}
