import CPostgres

/// The answer to one statement, in libpq's memory until the last ``Row`` of it is gone.
///
/// `@unchecked Sendable`: the compiler can't see through a C pointer; a PGresult is never written after it was made, and libpq allows reading it from any thread
/// ("PGresult objects are normally read-only after creation, and so can be passed around freely between threads").
/// This class owns the pointer alone and frees it once, in `deinit`.
final class ResultSet: @unchecked Sendable {
    private let pointer: OpaquePointer
    let rowCount: Int
    private let columns: [Column]

    private struct Column {
        let name: String
        let type: UInt32
        let isAmbiguous: Bool
    }

    /// Takes the result over.
    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
        rowCount = Int(PQntuples(pointer))
        let names = (0..<PQnfields(pointer)).map { index in PQfname(pointer, index).map { String(cString: $0) } ?? "" }
        columns = names.enumerated().map { index, name in
            let isRepeated = names.count { $0 == name } > 1
            return Column(name: name, type: PQftype(pointer, CInt(index)), isAmbiguous: isRepeated)
        }
    }

    deinit {
        PQclear(pointer)
    }

    /// The rows a data-changing statement changed, or a SELECT returned; 0 for other statements.
    var affectedRows: Int {
        PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// The statement that ran, such as `COMMIT` or `INSERT 0 1`.
    var commandTag: String {
        PQcmdStatus(pointer).map { String(cString: $0) } ?? ""
    }

    var rows: [Row] {
        (0..<rowCount).map { Row(result: self, index: CInt($0)) }
    }

    /// A column's position and type by its name.
    func column(_ name: String) throws(PostgresError) -> (position: CInt, type: UInt32) {
        guard let position = columns.firstIndex(where: { $0.name == name }) else {
            throw .decoding(column: name, expected: "a column of this name", found: "none")
        }
        guard !columns[position].isAmbiguous else {
            throw .decoding(column: name, expected: "one column of this name", found: "several")
        }
        return (CInt(position), columns[position].type)
    }

    /// Calls the body with a value's text, nil for NULL.
    ///
    /// The bytes live as long as this object.
    func withValue<R>(row: CInt, column: CInt, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else {
            return body(nil)
        }
        return body(UnsafeRawBufferPointer(start: start, count: Int(PQgetlength(pointer, row, column))))
    }
}
