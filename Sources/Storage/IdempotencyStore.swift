public import Primitives

/// The answer that a request with an idempotency key got.
public struct KeptAnswer: Hashable, Sendable {
    /// A hash of the request: another request with the same key is a mistake of the client's.
    public let request: Bytes32
    /// The HTTP status.
    public let status: Int
    /// The body.
    public let answer: [UInt8]

    /// Makes a record.
    public init(request: Bytes32, status: Int, answer: [UInt8]) {
        self.request = request
        self.status = status
        self.answer = answer
    }
}

/// Answers by the client's key. At most ``countMax`` are kept; the oldest make room.
public struct IdempotencyStore: Sendable {
    /// The most answers kept.
    public static let countMax: Int64 = 65_536
    /// The largest answer kept.
    public static let answerBytesMax = 65_536

    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// The answer kept under a key.
    public func answer(_ key: String) async throws -> KeptAnswer? {
        try await transaction.query("SELECT request, status, answer FROM idempotency_keys WHERE key = \(key)")
            .first.map { row in
                KeptAnswer(
                    request: try row.hash("request"), status: Int(try row.int("status")),
                    answer: try row.bytes("answer"))
            }
    }

    /// Keeps an answer; one that is kept under the key stays.
    public func keep(_ answer: KeptAnswer, key: String) async throws {
        let rows = try await transaction.query(
            """
            INSERT INTO idempotency_keys (key, request, status, answer) VALUES (\(key), \(answer.request.bytes), \
            \(answer.status), \(answer.answer)) ON CONFLICT (key) DO NOTHING RETURNING number
            """)
        guard let number = try rows.first?.int("number") else { return }
        _ = try await transaction.execute("DELETE FROM idempotency_keys WHERE number <= \(number - Self.countMax)")
    }
}
