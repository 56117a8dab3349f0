/// An open transaction, handed to the closure of `withTransaction`.
///
/// It ends with the closure; a copy that escapes throws `.closed`. A failed statement aborts the whole transaction: even
/// if the closure catches the failure and returns, nothing is committed and the failure is thrown.
public struct Transaction: Sendable {
    private let connection: PostgresConnection
    private let number: UInt64

    init(connection: PostgresConnection, number: UInt64) {
        self.connection = connection
        self.number = number
    }

    /// What a transaction sees of others.
    public enum Isolation: Sendable {
        /// Each statement sees what was committed before it.
        case readCommitted
        /// All statements see what was committed before the first; a conflicting write fails and is retried.
        case repeatableRead
        /// As if transactions ran one after another; a conflict fails and is retried.
        case serializable
        /// Reads from one snapshot, as ``repeatableRead``, and refuses writes.
        case readOnly

        var mode: String {
            switch self {
            case .readCommitted: "ISOLATION LEVEL READ COMMITTED"
            case .repeatableRead: "ISOLATION LEVEL REPEATABLE READ"
            case .serializable: "ISOLATION LEVEL SERIALIZABLE"
            case .readOnly: "ISOLATION LEVEL REPEATABLE READ READ ONLY"
            }
        }
    }

    /// Runs a statement and returns its rows; none for a statement that returns no rows.
    public func query(_ sql: SQL) async throws(PostgresError) -> [Row] {
        try await connection.query(sql, in: number)
    }

    /// Runs a statement and returns how many rows it changed, or returned if it is a SELECT.
    @discardableResult
    public func execute(_ sql: SQL) async throws(PostgresError) -> Int {
        try await connection.execute(sql, in: number)
    }

    /// Calls the body with each row of a query, holding at most one batch of rows in memory.
    ///
    /// The rows come through a cursor, so they are those of one snapshot. A cancelled task stops between batches.
    /// - Parameters:
    ///   - batch: rows fetched in one round trip, at least 1.
    /// - Throws: what the body throws, ``PostgresError``, or `CancellationError`.
    public func forEachRow(_ sql: SQL, batch: Int = 1_000, _ body: (Row) throws -> Void) async throws {
        precondition(batch > 0, "a batch holds at least one row")
        let cursor = try await connection.declareCursor(for: sql, in: number)
        do {
            var fetched: Int
            repeat {
                try Task.checkCancellation()
                let rows = try await connection.fetch(batch, from: cursor, in: number)
                for row in rows { try body(row) }
                fetched = rows.count
            } while fetched == batch
        } catch {
            // In a transaction that goes on after this failure the cursor must not stay; in an aborted one it is gone.
            try? await connection.closeCursor(cursor, in: number)
            throw error
        }
        try await connection.closeCursor(cursor, in: number)
    }

    func executeScript(_ text: String) async throws(PostgresError) {
        try await connection.executeScript(text, in: number)
    }
}

/// Why an attempt at a transaction failed, and whether the same closure may run again.
struct TransactionFailure: Error {
    let cause: any Error
    let isRetryable: Bool
}

extension PostgresConnection {
    /// Runs the body in a transaction, once: commits when it returns, rolls back when it throws.
    ///
    /// ``PostgresPool/withTransaction(isolation:retries:_:)`` is the one that runs it again after a conflict.
    public nonisolated func withTransaction<Value>(
        isolation: Transaction.Isolation = .readCommitted,
        _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        do throws(TransactionFailure) {
            return try await attemptTransaction(isolation, body)
        } catch {
            throw error.cause
        }
    }

    nonisolated func attemptTransaction<Value>(
        _ isolation: Transaction.Isolation,
        _ body: (Transaction) async throws -> Value
    ) async throws(TransactionFailure) -> Value {
        let number: UInt64
        do throws(PostgresError) {
            number = try await begin(isolation)
        } catch {
            throw TransactionFailure(cause: error, isRetryable: false)
        }
        let value: Value
        do {
            value = try await body(Transaction(connection: self, number: number))
        } catch {
            // The body may wrap a conflict in an error of its own; what aborted the transaction says it as well.
            let isConflict = (error as? PostgresError)?.sqlState?.isRetryable ?? false
            let wasConflict = await rollback(number)
            throw TransactionFailure(cause: error, isRetryable: isConflict || wasConflict)
        }
        do throws(PostgresError) {
            try await commit(number)
        } catch {
            throw TransactionFailure(cause: error, isRetryable: error.sqlState?.isRetryable ?? false)
        }
        return value
    }
}
