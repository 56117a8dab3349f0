import Foundation
import Node

/// What `feesvc bench node` measured.
struct NodeBenchReport {
    /// One reconciliation.
    struct Row {
        let difference: Int
        let placement: ReconcileTrial.Placement
        let way: ReconcileTrial.Way
        let figures: ReconcileTrial.Figures

        /// A line of the table.
        var text: String {
            [
                "\(difference)", placement.rawValue, way.rawValue, "\(figures.bytes)", "\(figures.roundTrips)",
                String(format: "%.2f", figures.secondsPerSide * 1e3), figures.isEqualityProved ? "yes" : "NO",
            ].enumerated().map { NodeBenchReport.cell($1, column: $0) }.joined(separator: "  ")
        }
    }

    let events: Int
    let originators: Int
    var rows: [Row] = []
    var bootstrap: NodeMeasurement.Bootstrap?
    var visibility: NodeMeasurement.Visibility?

    /// What the running nodes took.
    var nodesText: String {
        var lines: [(String, String)] = []
        if let bootstrap {
            lines += [
                ("an empty node gets from a peer", "\(bootstrap.events) events"),
                ("  in", String(format: "%.1f s", bootstrap.bootstrapSeconds)),
                ("  verified and durable, a second", String(format: "%.0f", bootstrap.ingestPerSecond)),
                ("  its processor time, an event", String(format: "%.0f µs", bootstrap.ingestCpuMicroseconds)),
                ("  its memory at the peak", String(format: "%.1f MB", Double(bootstrap.memoryBytes) / 1e6)),
                ("  its disk, an event", "\(bootstrap.diskBytesPerEvent) bytes"),
            ]
        }
        if let visibility {
            lines += [
                ("published a second, at \(visibility.nodes) nodes in turn", "\(visibility.perSecond)"),
                ("  read on all of them after, p50", String(format: "%.1f ms", visibility.p50)),
                ("  read on all of them after, p99", String(format: "%.1f ms", visibility.p99)),
            ]
        }
        return lines.map { $0.0.padding(toLength: 46, withPad: " ", startingAt: 0) + $0.1 }.joined(separator: "\n")
    }

    static let heading = ["difference", "placement", "way", "bytes", "trips", "ms a side", "equal"].enumerated()
        .map { cell($1, column: $0) }.joined(separator: "  ")

    private static func cell(_ text: String, column: Int) -> String {
        let widths = [10, 9, 6, 10, 6, 10, 5]
        let pad = String(repeating: " ", count: max(0, widths[column] - text.count))
        return column == 1 || column == 2 ? text + pad : pad + text
    }

    private struct Summary: Encodable {
        struct Reconcile: Encodable {
            let events: Int
            let difference: Int
            let placement: String
            let way: String
            let bytes: Int
            let roundTrips: Int
            let cpuMillisecondsPerSide: Double
            let equalityProved: Bool
        }

        let events: Int
        let originators: Int
        let reconcile: [Reconcile]
        let stored: Int?
        let ingestPerSecond: Double?
        let ingestCpuMicrosecondsPerEvent: Double?
        let bootstrapSeconds: Double?
        let memoryBytes: Int?
        let diskBytesPerEvent: Int?
        let visibleMilliseconds: Visible?

        struct Visible: Encodable {
            let p50: Double
            let p99: Double
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let summary = Summary(
            events: events, originators: originators,
            reconcile: rows.map { row in
                Summary.Reconcile(
                    events: events, difference: row.difference, placement: row.placement.rawValue,
                    way: row.way.rawValue, bytes: row.figures.bytes, roundTrips: row.figures.roundTrips,
                    cpuMillisecondsPerSide: row.figures.secondsPerSide * 1e3,
                    equalityProved: row.figures.isEqualityProved)
            }, stored: bootstrap?.events, ingestPerSecond: bootstrap?.ingestPerSecond,
            ingestCpuMicrosecondsPerEvent: bootstrap?.ingestCpuMicroseconds,
            bootstrapSeconds: bootstrap?.bootstrapSeconds, memoryBytes: bootstrap?.memoryBytes,
            diskBytesPerEvent: bootstrap?.diskBytesPerEvent,
            visibleMilliseconds: visibility.map { Summary.Visible(p50: $0.p50, p99: $0.p99) })
        return String(decoding: try encoder.encode(summary), as: UTF8.self)
    }
}
