/// Why the schema was not brought up to date.
///
/// Nothing is applied after it; migrations applied before it stay.
public enum MigrationError: Error, Sendable, Equatable {
    /// A directory or file could not be read, or is not UTF-8.
    case unreadable(path: String)
    /// A file's name is not `NNNN_name.sql`.
    case badFileName(file: String)
    /// The numbers are not 1, 2, 3, …: another one was due where this file stands.
    case outOfOrder(file: String, expectedNumber: Int)
    /// A file changed after it was applied.
    case checksumMismatch(file: String)
    /// A migration was applied under another name.
    case renamed(file: String, appliedName: String)
    /// The database lacks a migration although it has a later one.
    case notRecorded(file: String)
    /// The database has migrations this program does not know.
    case databaseNewer(applied: Int64, known: Int64)
    /// Another runner kept the lock for too long.
    case locked
    /// A migration failed and was rolled back.
    case failed(file: String, PostgresError)
    /// The database could not be used, apart from any one migration.
    case database(PostgresError)
}

extension MigrationError: CustomStringConvertible {
    /// What is wrong, with the file's name, and what to do about it.
    public var description: String {
        switch self {
        case .unreadable(let path):
            "\(path) cannot be read as UTF-8 text; check the path, its permissions and its encoding"
        case .badFileName(let file):
            "\(file) is not named NNNN_name.sql (four digits, then a-z, 0-9 and _); rename it"
        case .outOfOrder(let file, let expected):
            "\(file) stands where migration number \(expected) is due; add the missing file or renumber, "
                + "numbers go 0001, 0002, … without gaps or repeats"
        case .checksumMismatch(let file):
            "\(file) changed after it was applied to this database; restore its text and put the change in a new migration"
        case .renamed(let file, let appliedName):
            "\(file) was applied to this database under the name \(appliedName); give the file its old name back"
        case .notRecorded(let file):
            "\(file) is not recorded in schema_migrations although a later one is; the table was edited or the migrations "
                + "were reordered: restore the database or the files"
        case .databaseNewer(let applied, let known):
            "the database is at migration \(applied), this program knows \(known); run the newer program, "
                + "migrations are not undone"
        case .locked:
            "another process holds the migration lock; wait for it to finish, or end it, and start again"
        case .failed(let file, let error):
            "\(file) failed and was rolled back: \(Self.explain(error)); correct the file and start again"
        case .database(let error):
            "the database cannot be migrated: \(Self.explain(error))"
        }
    }

    /// A migration binds no values, so the server's own words may be shown where a query's may not.
    private static func explain(_ error: PostgresError) -> String {
        guard case .server(let failure) = error else { return error.description }
        return "\(failure.message) (SQLSTATE \(failure.state.rawValue))"
    }
}
