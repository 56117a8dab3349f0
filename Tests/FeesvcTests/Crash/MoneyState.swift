import Primitives
import Storage

/// Everything that a database holds, as canonical text, and a hash of it.
///
/// Left out is what may honestly differ after a crash: the fencing token, which counts who took the database over; the
/// numbers that sequences gave, for a sequence does not go back with its transaction, so that a channel is named by its
/// id; and when migrations were applied.
struct MoneyState: Equatable, CustomStringConvertible {
    /// The rows of each table, in order.
    let tables: [String: [String]]

    init(_ pool: PostgresPool) async throws {
        let columns = try await pool.query(
            """
            SELECT c.table_name::text AS table, bool_or(c.column_name = 'channel') AS has_channel, \
            bool_or(c.is_identity = 'YES') AS has_identity FROM information_schema.columns AS c \
            JOIN information_schema.tables AS t USING (table_schema, table_name) \
            WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.table_name <> 'schema_migrations' \
            GROUP BY c.table_name ORDER BY c.table_name
            """)
        var parts: [String] = []
        for row in columns {
            let table = try row.text("table")
            var form = "to_jsonb(t)"
            if try row.bool("has_identity") { form += " - 'number'" }
            if table == "instance" { form += " - 'fence'" }
            if try row.bool("has_channel") {
                form += """
                     || jsonb_build_object('channel', (SELECT c.channel_id FROM channels AS c WHERE c.number = t.channel))
                    """
            }
            parts.append("SELECT '\(table)' AS part, (\(form))::text AS row FROM \(table) AS t")
        }
        let all = parts.joined(separator: " UNION ALL ")
        let text = "SELECT * FROM (\(all)) AS everything ORDER BY part, row COLLATE \"C\""
        var tables: [String: [String]] = [:]
        for row in try await pool.query("\(unescaped: text)") {
            tables[try row.text("part"), default: []].append(try row.text("row"))
        }
        self.tables = tables
    }

    /// SHA-256 of all of it.
    var hash: Bytes32 {
        let lines = tables.sorted { $0.key < $1.key }.flatMap { [$0.key] + $0.value }
        return SHA256.hash(Array(lines.joined(separator: "\n").utf8))
    }

    var description: String { hash.hex }

    /// The tables that differ from another state, each with the first row of either that the other lacks.
    func difference(from other: MoneyState) -> String {
        Set(tables.keys).union(other.tables.keys).sorted().compactMap { table in
            let (here, there) = (tables[table] ?? [], other.tables[table] ?? [])
            guard here != there else { return nil }
            let more = here.first { !there.contains($0) } ?? "no other row"
            let less = there.first { !here.contains($0) } ?? "no other row"
            return "\(table): \(here.count) rows with \(more) instead of \(there.count) with \(less)"
        }.joined(separator: "\n")
    }
}
