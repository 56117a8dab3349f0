import Channels
import Primitives

/// A table that is copied from a damaged store row by row, each row that is still what somebody signed.
struct RepairedTable: Sendable {
    let name: String
    let columns: [String]
    /// Whether a row is kept, given its values.
    let isGood: @Sendable ([SQLiteValue], StoreRepair) -> Bool

    var select: String { "SELECT \(columns.joined(separator: ", ")) FROM \(name)" }
    var insert: String {
        let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        return "INSERT OR IGNORE INTO \(name)(\(columns.joined(separator: ", "))) VALUES(\(places))"
    }

    func values(_ row: SQLiteRow) -> [SQLiteValue] { columns.indices.map { row.value(Int32($0)) } }

    static let all = [
        RepairedTable(name: "chain", columns: ["originator", "shard", "sequence", "id", "bytes", "signature"]) {
            values, repair in repair.isSigned(values[4], values[5])
        },
        RepairedTable(name: "checkpoint", columns: ["day", "shard", "bytes", "signature"]) { values, repair in
            repair.isOwnCheckpoint(values[2], values[3])
        },
        RepairedTable(
            name: "evidence",
            columns: ["originator", "id", "other", "bytes", "signature", "other_bytes", "other_signature"]
        ) { values, repair in
            repair.isSigned(values[3], values[4]) && repair.isSigned(values[5], values[6])
        },
        RepairedTable(name: "shard", columns: ["number", "is_held"]) { values, repair in
            guard case .integer(let number) = values[0], case .integer(0...1) = values[1] else { return false }
            return (0..<Int64(repair.identity.genesis.sharding.count)).contains(number)
        },
        RepairedTable(name: "head_evidence", columns: ["id", "bytes"]) { values, _ in
            guard case .blob(let bytes) = values[1] else { return false }
            return (try? HeadEvidence(canonicalBytes: bytes)) != nil
        },
        RepairedTable(
            name: "observation",
            columns: [
                "epoch", "peer", "probes", "answered", "challenges", "passed", "first_delivered", "bytes_served",
            ]
        ) { values, _ in
            values.allSatisfy { if case .integer(let count) = $0 { count >= 0 } else { false } }
        },
    ]
}
