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
    var nodes: [RegisteredNode] = []
    var claimed: [UInt32: Amount] = [:]
    var heldAtEnd: [(account: LedgerAccount, balance: Amount)] = []

    static func run(
        network: DemoNetwork, service: ServiceConnection, out: String, expected: Int
    ) async throws -> DemoChecks {
        var checks = DemoChecks()
        checks.convergenceFailure = try await compareNodes(network, expected: expected)
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
            try DirectoryChain.audit(out) { checks.epochs.append($0) }
        } catch let difference as AuditDifference {
            checks.auditFailure = difference.description
        }
        return checks
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
