import Foundation

/// What `feesvc bench epoch` measured.
struct EpochBenchReport {
    let charges: Int
    let payers: Int
    let nodes: Int
    let observed: Int
    let treeLeaves: Int
    var sealSeconds = 0.0
    var treeSeconds = 0.0
    /// By format; `export` is the folder for an audit.
    var exportSeconds: [String: Double] = [:]
    var exportedBytes = 0
    var auditSeconds = 0.0
    var auditWithSignaturesSeconds = 0.0
    var nextExportSeconds = 0.0
    var bothAuditSeconds = 0.0
    var rawRecoveryMicroseconds = 0.0
    /// Of one recovery where every processor recovers, right before and after the audit with signatures.
    var recoverySecondsOnAllProcessors = 0.0
    /// By process.
    private(set) var peakBytes: [String: Int] = [:]
    private(set) var postgresBytes = 0
    var isConserved = false

    init(charges: Int, payers: Int, nodes: Int, observed: Int, treeLeaves: Int) {
        self.charges = charges
        self.payers = payers
        self.nodes = nodes
        self.observed = observed
        self.treeLeaves = treeLeaves
    }

    /// Remembers the memory of a process.
    mutating func note(_ outcome: MeasuredProcess.Outcome, _ name: String) {
        peakBytes[name] = outcome.peakBytes
        postgresBytes = max(postgresBytes, outcome.postgresBytes)
    }

    private var allExportSeconds: Double { exportSeconds.values.reduce(0, +) }

    /// What signatures add, in what recovering each voucher's signer alone costs on all processors.
    private var signatureTimesBare: Double {
        let processors = Double(ProcessInfo.processInfo.activeProcessorCount)
        let bare = Double(charges) * rawRecoveryMicroseconds / 1e6 / processors
        return bare > 0 ? (auditWithSignaturesSeconds - auditSeconds) / bare : 0
    }

    /// The same, in what recovering each voucher's signer took on all processors in the minute of the audit.
    private var signatureTimesAllProcessors: Double {
        let bare = Double(charges) * recoverySecondsOnAllProcessors
        return bare > 0 ? (auditWithSignaturesSeconds - auditSeconds) / bare : 0
    }

    var text: String {
        func line(_ name: String, _ value: Double, _ unit: String) -> String {
            name.padding(toLength: 46, withPad: " ", startingAt: 0) + String(format: "%10.2f ", value) + unit
        }
        var lines = [
            line("sealed: edge, delivery cut, seal", sealSeconds, "s"),
            line("reward tree of \(treeLeaves) leaves, all proofs", treeSeconds, "s"),
            line("every export together", allExportSeconds, "s"),
        ]
        lines += exportSeconds.sorted { $0.key < $1.key }.map { line("  \($0.key)", $0.value, "s") }
        lines += [
            line("exported", Double(exportedBytes) / 1e6, "MB"),
            line("audit", auditSeconds, "s"),
            line("audit with every signature", auditWithSignaturesSeconds, "s"),
            line("  one recovery", rawRecoveryMicroseconds, "µs"),
            line("  signatures, times bare recovery", signatureTimesBare, "x"),
            line("  signatures, times recovery on all processors", signatureTimesAllProcessors, "x"),
            line("export of the next epoch", nextExportSeconds, "s"),
            line("audit of both epochs", bothAuditSeconds, "s"),
        ]
        lines += peakBytes.sorted { $0.key < $1.key }.map { line("memory: \($0.key)", Double($0.value) / 1e6, "MB") }
        lines += [
            line("memory: a PostgreSQL process, its own", Double(postgresBytes) / 1e6, "MB"),
            "conserved, each charged once: " + (isConserved ? "yes" : "NO"),
        ]
        return lines.joined(separator: "\n")
    }

    private struct Summary: Encodable {
        let charges: Int
        let payers: Int
        let nodes: Int
        let observed: Int
        let sealSeconds: Double
        let treeSeconds: Double
        let treeLeaves: Int
        let exportSeconds: Double
        let exportSecondsByFormat: [String: Double]
        let exportedBytes: Int
        let auditSeconds: Double
        let auditWithSignaturesSeconds: Double
        let rawRecoveryMicroseconds: Double
        let signatureTimesBareRecovery: Double
        let signatureTimesRecoveryOnAllProcessors: Double
        let nextEpochExportSeconds: Double
        let bothEpochsAuditSeconds: Double
        let peakMemoryBytes: Int
        let peakMemoryBytesByProcess: [String: Int]
        let postgresOwnMemoryBytes: Int
        let conserved: Bool
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let summary = Summary(
            charges: charges, payers: payers, nodes: nodes, observed: observed, sealSeconds: sealSeconds,
            treeSeconds: treeSeconds, treeLeaves: treeLeaves, exportSeconds: allExportSeconds,
            exportSecondsByFormat: exportSeconds, exportedBytes: exportedBytes, auditSeconds: auditSeconds,
            auditWithSignaturesSeconds: auditWithSignaturesSeconds, rawRecoveryMicroseconds: rawRecoveryMicroseconds,
            signatureTimesBareRecovery: signatureTimesBare,
            signatureTimesRecoveryOnAllProcessors: signatureTimesAllProcessors,
            nextEpochExportSeconds: nextExportSeconds,
            bothEpochsAuditSeconds: bothAuditSeconds, peakMemoryBytes: peakBytes.values.max() ?? 0,
            peakMemoryBytesByProcess: peakBytes, postgresOwnMemoryBytes: postgresBytes, conserved: isConserved)
        return String(decoding: try encoder.encode(summary), as: UTF8.self)
    }
}
