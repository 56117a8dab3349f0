public import Channels

/// A schedule with the leaf that logged it.
public struct LoggedSchedule: Hashable, Sendable {
    /// The schedule.
    public let schedule: FeeSchedule
    /// Its leaf's index.
    public let logIndex: UInt64
}

/// The log's schedules. They are only ever appended.
public struct ScheduleStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Every schedule by version.
    public func all() async throws -> [LoggedSchedule] { try await logged(before: UInt64(Int64.max)) }

    /// The schedules that were logged before the leaf at `index`, by version.
    public func logged(before index: UInt64) async throws -> [LoggedSchedule] {
        try await transaction.query(
            "SELECT body, log_index FROM schedules WHERE log_index < \(index) ORDER BY version"
        ).map {
            LoggedSchedule(
                schedule: try FeeSchedule(canonicalBytes: try $0.bytes("body")), logIndex: try $0.unsigned("log_index"))
        }
    }

    /// Writes a schedule with the leaf that logs it.
    public func append(_ schedule: FeeSchedule, logIndex: UInt64) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO schedules (version, effective_from, body, log_index) VALUES (\(UInt64(schedule.version)), \
            \(schedule.effectiveFrom), \(schedule.canonicalBytes), \(logIndex))
            """)
    }
}
