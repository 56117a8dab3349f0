import Channels
import Foundation
import Ledger
import Primitives
import Storage

/// One run of `feesvc bench epoch`.
struct EpochMeasurement {
    let options: EpochBench
    let directory: String

    /// Stops what a run has started, and removes what it has written.
    static func end(_ directory: String) async {
        if let cluster = try? PostgresCluster(directory: directory + "/service") { await cluster.stopIfStarted() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    func run() async throws -> EpochBenchReport {
        let preload = EpochPreload(directory: directory, say: Self.say)
        try await preload.fill(charges: options.charges, payers: options.payers, nodes: options.nodes)
        let cluster = try PostgresCluster(directory: directory + "/service")
        let process = MeasuredProcess(directory: directory, postmaster: cluster.processID)
        var report = EpochBenchReport(
            charges: options.charges, payers: options.payers, nodes: options.nodes, observed: options.observed,
            treeLeaves: options.treeLeaves)

        try await seal(process, &report)
        let tree = try await step(.tree, process, "tree", &report)
        report.treeSeconds = tree
        report.rawRecoveryMicroseconds = RawRecovery.microseconds(domain: try await domain(cluster))
        try await export(process, cluster, &report)
        try await audit(process, try await domain(cluster), &report)
        try await nextEpoch(process, cluster, &report)
        report.isConserved = try await isConserved(cluster)
        return report
    }

    private func seal(_ process: MeasuredProcess, _ report: inout EpochBenchReport) async throws {
        Self.say("the edge, what nodes say, the delivery cut and the seal")
        let edge = try await step(.edge, process, "edge", &report)
        _ = try await step(.statements, process, "statements", &report)
        report.sealSeconds = edge + (try await step(.seal, process, "seal", &report))
    }

    /// Runs a step and returns the seconds that it measured itself, without its start.
    private func step(
        _ step: EpochStep.Step, _ process: MeasuredProcess, _ name: String, _ report: inout EpochBenchReport
    ) async throws -> Double {
        let outcome = try await process.run([
            "bench", "epoch-step", step.rawValue, "--directory", directory, "--nodes", "\(options.nodes)",
            "--observed", "\(options.observed)", "--charges", "\(options.charges)", "--tree-leaves",
            "\(options.treeLeaves)",
        ])
        report.note(outcome, name)
        guard let line = outcome.output.split(separator: "\n").last,
            let result = try? JSONDecoder().decode(EpochStep.Outcome.self, from: Data(line.utf8))
        else { throw OperatorError("The step \(name) said nothing.") }
        return result.seconds
    }

    private func export(
        _ process: MeasuredProcess, _ cluster: PostgresCluster, _ report: inout EpochBenchReport
    ) async throws {
        Self.say("exporting and reporting")
        let database = ["--database-url", cluster.connectionString, "--epoch", "1"]
        let export = try await process.run(["export"] + database + ["--out", directory + "/export"])
        report.note(export, "export")
        report.exportSeconds["export"] = export.seconds
        for format in ReportFormat.allCases {
            let out = "\(directory)/report-\(format.rawValue)"
            let written = try await process.run(["report"] + database + ["--format", format.rawValue, "--out", out])
            report.note(written, "report \(format.rawValue)")
            report.exportSeconds[format.rawValue] = written.seconds
            report.exportedBytes += Self.bytes(in: out)
            try? FileManager.default.removeItem(atPath: out)
        }
        report.exportedBytes += Self.bytes(in: directory + "/export")
    }

    private func audit(
        _ process: MeasuredProcess, _ domain: EIP712Domain, _ report: inout EpochBenchReport
    ) async throws {
        Self.say("auditing")
        let audit = try await process.run(["audit", directory + "/export"])
        report.note(audit, "audit")
        report.auditSeconds = audit.seconds
        let before = try RawRecovery.secondsOnAllProcessors(domain: domain)
        let signatures = try await process.run(["audit", directory + "/export", "--signatures"])
        report.recoverySecondsOnAllProcessors = (before + (try RawRecovery.secondsOnAllProcessors(domain: domain))) / 2
        report.note(signatures, "audit --signatures")
        report.auditWithSignaturesSeconds = signatures.seconds
    }

    /// The epoch in which the base fees are captured begins with every charge held.
    private func nextEpoch(
        _ process: MeasuredProcess, _ cluster: PostgresCluster, _ report: inout EpochBenchReport
    ) async throws {
        Self.say("the epoch after it")
        _ = try await step(.next, process, "next", &report)
        let export = try await process.run([
            "export", "--database-url", cluster.connectionString, "--epoch", "2", "--out", directory + "/export",
        ])
        report.note(export, "export of the next epoch")
        report.nextExportSeconds = export.seconds
        let audit = try await process.run(["audit", directory + "/export"])
        report.note(audit, "audit of both epochs")
        report.bothAuditSeconds = audit.seconds
    }

    private func domain(_ cluster: PostgresCluster) async throws -> EIP712Domain {
        try await read(cluster) { transaction in
            guard let state = try await LogStore(transaction).state() else {
                throw OperatorError("The database holds no instance.")
            }
            return state.genesis.domain
        }
    }

    /// Whether custody equals all other accounts, and the log holds each charge once.
    private func isConserved(_ cluster: PostgresCluster) async throws -> Bool {
        let (totals, charges) = try await read(cluster) { transaction in
            (
                try await ReportStore(transaction).totals(before: UInt64(Int64.max)),
                try await LogStore(transaction).state()?.chargeCount
            )
        }
        let sums = try Balances(totals: totals).conservation()
        return sums.custody == sums.liabilities && charges == UInt64(options.charges)
    }

    private func read<Value>(
        _ cluster: PostgresCluster, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        let pool = PostgresPool(
            configuration: PostgresConfiguration(
                connectionString: cluster.connectionString, maximumConnections: 1))
        do {
            let value = try await pool.withTransaction(isolation: .readOnly, body)
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error
        }
    }

    private static func bytes(in folder: String) -> Int {
        let files = FileManager.default
        return (files.subpaths(atPath: folder) ?? []).reduce(0) { sum, name in
            let attributes = try? files.attributesOfItem(atPath: "\(folder)/\(name)")
            guard attributes?[.type] as? FileAttributeType == .typeRegular else { return sum }
            return sum + (attributes?[.size] as? Int ?? 0)
        }
    }

    private static func say(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
