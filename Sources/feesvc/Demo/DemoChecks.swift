import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Rewards
import Storage

/// What is checked at the end of a demo, by other means than those that made it.
struct DemoChecks {
    /// Whether all nodes hold the same events in every topic, and all that was published.
    var isConverged = false
    /// Whether custody equals the sum of all other accounts, at each edge and at the end.
    var isConserved = false
    /// What the audit said where it did not agree.
    var auditFailure: String?
    var convergenceFailure: String?
    var epochs: [DirectoryAudit] = []
    /// What went back in each of them, by ground.
    var refunds: [RefundFigures] = []
    /// Where that is not what payers were told.
    var refundFailures: [String] = []
    var nodes: [RegisteredNode] = []
    var claimed: [UInt32: Amount] = [:]
    var heldAtEnd: [(account: LedgerAccount, balance: Amount)] = []

    static func run(
        network: DemoNetwork, service: ServiceConnection, out: String, counts: DemoCounts
    ) async throws -> DemoChecks {
        var checks = DemoChecks()
        checks.convergenceFailure = try await compareNodes(network, expected: counts.accepted)
        checks.isConverged = checks.convergenceFailure == nil

        let pool = PostgresPool(
            configuration: PostgresConfiguration(connectionString: try network.database, maximumConnections: 2))
        do {
            _ = try await ExportCommand.export(pool, epoch: nil, out: out)
            try await ReportCommand.reportSealed(pool, out: out)
            checks.isConserved = try await pool.withTransaction(isolation: .readOnly) { transaction in
                let totals = try await ReportStore(transaction).totals(before: UInt64(Int64.max))
                let conservation = try Balances(totals: totals).conservation()
                checks.heldAtEnd = try LedgerAccount.HeldPart.allCases.map { part in
                    let account = LedgerAccount.held(part)
                    return (account, try (totals[account] ?? AccountTotals()).balance(of: account))
                }
                for node in try await NodeStore(transaction).all() {
                    checks.nodes.append(node.node)
                    checks.claimed[node.node.number] = node.claimed
                }
                return conservation.custody == conservation.liabilities
            }
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()

        do {
            // Each audit ties custody to all other accounts at its edge.
            try DirectoryChain.audit(out) { try checks.take($0, in: out) }
            checks.refundFailures += try RefundFigures.complaints(counts.refunds, checks.refunds)
        } catch let difference as AuditDifference {
            checks.auditFailure = difference.description
        }
        return checks
    }

    /// Takes an epoch whose export the audit agrees with, and adds up what went back by ground.
    private mutating func take(_ audit: DirectoryAudit, in out: String) throws {
        let folder = try AuditFolder("\(out)/\(EpochExport.directoryName(audit.epoch))", checkingHashes: false)
        let figures = try RefundFigures(folder, firstIndex: audit.start.frontier.size)
        epochs.append(audit)
        refunds.append(figures)
        let paid = try Amount.sum(figures.grounds.map(\.paid))
        let refunded = audit.audit.replay.flows.refunded
        if paid != refunded {
            refundFailures.append("\(paid) went back by ground in epoch \(audit.epoch), \(refunded) by the log")
        }
    }

    private static func compareNodes(_ network: DemoNetwork, expected: Int) async throws -> String? {
        var first: [TopicsBody.Topic]?
        for number in await network.nodes.indices {
            let status = try await network.status(of: number)
            guard status.messages == UInt64(expected) else {
                return "node \(number + 1) holds \(status.messages) messages, \(expected) were published"
            }
            let topics = try await topics(of: number, network)
            if let first, first != topics {
                let place = zip(first, topics).first { $0 != $1 }
                return "node \(number + 1) differs from node 1 in topic \(place?.0.topic.hex ?? "count")"
            }
            first = topics
        }
        return nil
    }

    private static func topics(of number: Int, _ network: DemoNetwork) async throws -> [TopicsBody.Topic] {
        var topics: [TopicsBody.Topic] = []
        while true {
            let after = topics.last.map { "?after=\($0.topic.hex)" } ?? ""
            let page: TopicsBody = try await network.client(of: number).get("/v1/topics\(after)")
            guard !page.topics.isEmpty else { return topics }
            topics += page.topics
        }
    }
}
