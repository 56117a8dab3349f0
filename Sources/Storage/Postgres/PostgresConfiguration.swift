import CPostgres

/// How to reach PostgreSQL and how much of it to use.
///
/// Its descriptions never show the password.
public struct PostgresConfiguration: Sendable {
    /// A libpq connection string: a `postgresql://` URI or `key=value` pairs.
    ///
    /// It may hold a password.
    public var connectionString: String

    /// The name shown in `pg_stat_activity`.
    public var applicationName: String

    /// The most connections a pool opens at once; at least 1.
    public var maximumConnections: Int

    /// How long the server lets one statement run, in milliseconds; 0 for no limit.
    public var statementTimeoutMilliseconds: Int

    /// How long to wait for each of the server's addresses, in seconds; libpq takes 1 as 2 and 0 as no limit.
    public var connectTimeoutSeconds: Int

    /// How long a task waits for a connection of the pool to become free.
    public var acquireTimeout: Duration

    /// How many tasks may wait for a connection at once; the next one fails with `.poolExhausted`.
    public var maximumWaiters: Int

    /// Makes a configuration; nothing is checked or opened until a connection is made.
    public init(
        connectionString: String,
        applicationName: String = "feesvc",
        maximumConnections: Int = 16,
        statementTimeoutMilliseconds: Int = 30_000,
        connectTimeoutSeconds: Int = 10,
        acquireTimeout: Duration = .seconds(10),
        maximumWaiters: Int = 1_024
    ) {
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.maximumConnections = maximumConnections
        self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.acquireTimeout = acquireTimeout
        self.maximumWaiters = maximumWaiters
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where the connection goes and as whom, from a list of harmless keywords: anything else may be a secret.
    public var description: String {
        let harmless: Set<String> = ["host", "hostaddr", "port", "dbname", "user", "sslmode"]
        let target = Self.options(of: connectionString)?.filter { harmless.contains($0.keyword) }
            .map { "\($0.keyword)=\($0.value)" }.joined(separator: " ")
        return "PostgreSQL \(target ?? "at an unreadable connection string"), at most \(maximumConnections) connections"
    }

    /// The same as `description`.
    public var debugDescription: String { description }

    /// Only the description, so that `dump` does not show the connection string.
    public var customMirror: Mirror { Mirror(self, children: ["configuration": description]) }

    /// The options a connection string sets; nil when libpq cannot parse it.
    static func options(of connectionString: String) -> [(keyword: String, value: String)]? {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(connectionString, &message) else {
            // The message quotes the string and so perhaps the password; it goes nowhere.
            PQfreemem(message)
            return nil
        }
        defer { PQconninfoFree(options) }
        var found: [(keyword: String, value: String)] = []
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { found.append((String(cString: keyword), String(cString: value))) }
            option += 1
        }
        return found
    }
}
