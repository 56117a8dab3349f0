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
            })
        return String(decoding: try encoder.encode(summary), as: UTF8.self)
    }
}
