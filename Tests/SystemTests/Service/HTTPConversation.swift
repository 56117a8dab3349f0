import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Requests to one server.
struct HTTPConversation: Sendable {
    /// An answer with its status and type.
    struct Answer: Sendable {
        let status: Int
        let contentType: String
        let headers: [String: String]
        let body: Data

        /// The body as text.
        var text: String { String(decoding: body, as: UTF8.self) }

        /// The body's JSON.
        func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
            do {
                return try JSONDecoder().decode(type, from: body)
            } catch {
                throw Overdue(description: "the server answered \(status) \(text.prefix(500)): \(error)")
            }
        }

        /// The problem that the body tells, as RFC 9457 has it.
        var problem: Problem { get throws { try decoded(as: Problem.self) } }
    }

    /// A problem as RFC 9457 has it.
    struct Problem: Decodable, Sendable {
        let type: String
        let status: Int
        let title: String
        let detail: String
        let code: String
    }

    let base: String
    private let session: URLSession

    init(base: String) {
        self.base = base
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 30
        session = URLSession(configuration: configuration)
    }

    /// `GET path`.
    func get(_ path: String) async throws -> Answer { try await send("GET", path, body: nil) }

    /// `POST path` with a value as JSON.
    func post(_ path: String, _ value: some Encodable) async throws -> Answer {
        try await send("POST", path, body: try Self.json(value))
    }

    /// `POST path` with a value as JSON and an idempotency key.
    func post(_ path: String, _ value: some Encodable, key: String) async throws -> Answer {
        try await send("POST", path, body: try Self.json(value), headers: ["Idempotency-Key": key])
    }

    /// The same value is the same bytes each time.
    private static func json(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return try encoder.encode(value)
    }

    /// A request with any method and headers.
    func request(_ method: String, _ path: String, headers: [String: String] = [:]) async throws -> Answer {
        try await send(method, path, body: nil, headers: headers)
    }

    /// `POST path` with any text.
    func post(_ path: String, text: String) async throws -> Answer {
        try await send("POST", path, body: Data(text.utf8))
    }

    private func send(
        _ method: String, _ path: String, body: Data?, headers: [String: String] = [:]
    ) async throws -> Answer {
        guard let url = URL(string: base + path) else { throw Overdue(description: "\(path) is no path") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body
        if body != nil { request.setValue("application/json", forHTTPHeaderField: "content-type") }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await session.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw Overdue(description: "no HTTP answer") }
        return Answer(
            status: response.statusCode, contentType: response.value(forHTTPHeaderField: "content-type") ?? "",
            headers: Dictionary(
                response.allHeaderFields.map { ("\($0.key)".lowercased(), "\($0.value)") }
            ) { first, _ in first },
            body: data)
    }
}
