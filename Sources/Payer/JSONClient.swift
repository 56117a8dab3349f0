public import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationEssentialsCompat
import NIOHTTP1

/// Why a request got no good answer.
public enum ClientError: Error, CustomStringConvertible {
    /// The server answered with a problem.
    case problem(ProblemBody)
    /// The server answered with another status.
    case status(Int, url: String)
    /// The answer was not what it should be.
    case answer(url: String, reason: String)
    /// No answer came.
    case unreachable(url: String, reason: String)

    /// One sentence for a log or a person.
    public var description: String {
        switch self {
        case .problem(let problem): "\(problem.code): \(problem.detail)"
        case .status(let status, let url): "\(url) answered \(status)"
        case .answer(let url, let reason): "\(url) answered something else than it should: \(reason)"
        case .unreachable(let url, let reason): "\(url) does not answer: \(reason)"
        }
    }
}

/// Sends and reads JSON over HTTP, with bounds on time and size.
public struct JSONClient: Sendable {
    private let http: HTTPClient
    private let base: String
    private let timeout: Int64
    private let answerBytesMax: Int

    /// Seconds until the first byte of an answer that a server may have to gather first.
    private static let largeTimeout: Int64 = 600

    /// Speaks to the server at `base` (`http://host:port`, no slash at the end).
    public init(http: HTTPClient, base: String, timeoutSeconds: Int64 = 60, answerBytesMax: Int = 256 << 20) {
        self.http = http
        self.base = base
        timeout = timeoutSeconds
        self.answerBytesMax = answerBytesMax
    }

    /// `GET path`.
    public func get<Answer: Decodable>(_ path: String, as type: Answer.Type = Answer.self) async throws -> Answer {
        try decode(try await send(.GET, path, body: nil, contentType: nil), path: path)
    }

    /// `GET path`, the bytes as they come.
    public func bytes(_ path: String) async throws -> [UInt8] {
        Array(buffer: try await send(.GET, path, body: nil, contentType: nil))
    }

    /// `GET path`, the bytes in parts as they come: for an answer that need not fit into memory.
    ///
    /// - Parameter answerBytesMax: An answer with more is no answer (``ClientError/answer(url:reason:)``).
    public func forEachPart(
        of path: String, answerBytesMax: Int, _ body: ([UInt8]) throws -> Void
    ) async throws {
        let response = try await reaching(path) {
            try await http.execute(HTTPClientRequest(url: base + path), timeout: .seconds(Self.largeTimeout))
        }
        guard (200..<300).contains(Int(response.status.code)) else {
            let answer = try await reaching(path) { try await response.body.collect(upTo: self.answerBytesMax) }
            throw failure(Int(response.status.code), answer, path: path)
        }
        var count = 0
        do {
            for try await part in response.body {
                count += part.readableBytes
                guard count <= answerBytesMax else {
                    throw ClientError.answer(url: base + path, reason: "it has more than \(answerBytesMax) bytes")
                }
                do { try body(Array(buffer: part)) } catch { throw PartRefused(cause: error) }
            }
        } catch let refused as PartRefused {
            throw refused.cause
        } catch let error as ClientError {
            throw error
        } catch {
            try await reaching(path) { throw error }
        }
    }

    /// What the reader of an answer's parts threw, told from what stopped the answer.
    private struct PartRefused: Error {
        let cause: any Error
    }

    /// `POST path` with a JSON body.
    public func post<Body: Encodable, Answer: Decodable>(
        _ path: String, _ body: Body, as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        let data = try JSONEncoder().encode(body)
        return try decode(
            try await send(.POST, path, body: ByteBuffer(data: data), contentType: "application/json"), path: path)
    }

    /// `POST path` with bytes.
    public func post<Answer: Decodable>(
        _ path: String, bytes: [UInt8], as type: Answer.Type = Answer.self
    ) async throws -> Answer {
        try decode(
            try await send(.POST, path, body: ByteBuffer(bytes: bytes), contentType: VoucherFrames.mediaType),
            path: path)
    }

    /// `POST path` with bytes, the answer's bytes as they come.
    public func exchange(_ path: String, bytes: [UInt8]) async throws -> [UInt8] {
        Array(
            buffer: try await send(.POST, path, body: ByteBuffer(bytes: bytes), contentType: VoucherFrames.mediaType))
    }

    private func decode<Answer: Decodable>(_ buffer: ByteBuffer, path: String) throws -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(buffer: buffer))
        } catch {
            throw ClientError.answer(url: base + path, reason: "\(error)")
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, body: ByteBuffer?, contentType: String?
    ) async throws -> ByteBuffer {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let contentType { request.headers.add(name: "content-type", value: contentType) }
        if let body { request.body = .bytes(body) }
        let (response, answer) = try await reaching(path) {
            let response = try await http.execute(request, timeout: .seconds(timeout))
            return (response, try await response.body.collect(upTo: answerBytesMax))
        }
        guard (200..<300).contains(Int(response.status.code)) else {
            throw failure(Int(response.status.code), answer, path: path)
        }
        return answer
    }

    /// Runs a part of a request; what stops it becomes ``ClientError/unreachable(url:reason:)``.
    private func reaching<Value>(_ path: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw ClientError.unreachable(url: base + path, reason: "\(error)")
        }
    }

    private func failure(_ status: Int, _ answer: ByteBuffer, path: String) -> ClientError {
        if let problem = try? JSONDecoder().decode(ProblemBody.self, from: Data(buffer: answer)) {
            return .problem(problem)
        }
        return .status(status, url: base + path)
    }
}

extension HTTPClient.Configuration {
    /// A configuration in which a server that refuses connections is reported at once, so that a caller can turn to
    /// another; by default the client tries again until the request's time is over.
    public static var promptlyFailing: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        return configuration
    }
}
