import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Payer
import Synchronization

/// Counts the bytes of requests that are being read.
private final class BodyRoom: Sendable {
    private let bytesMax: Int
    private let taken = Mutex(0)

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// Takes room for some bytes; `false` where there is none.
    func enter(_ bytes: Int) -> Bool {
        taken.withLock { taken in
            guard taken + bytes <= bytesMax else { return false }
            taken += bytes
            return true
        }
    }

    /// Gives room back.
    func leave(_ bytes: Int) { taken.withLock { $0 -= bytes } }
}

/// How requests are read and answered, alike for the fee service and for nodes.
enum HTTPBody {
    /// The largest JSON request.
    static let bytesMax = 4 << 20

    /// Reads a JSON body strictly enough: wrong types, missing members and bad values are refused with their place.
    static func json<Body: Decodable>(_ type: Body.Type, of request: Request) async throws -> Body {
        let buffer = try await bytes(of: request)
        do {
            return try JSONDecoder().decode(Body.self, from: Data(buffer))
        } catch let error as DecodingError {
            throw Refusal(400, "request/body", badNumber(in: buffer) ?? describe(error))
        }
    }

    /// What is being read of all requests together: many that are large or slow are told to come back before they fill the
    /// memory.
    private static let room = BodyRoom(bytesMax: 128 << 20)

    /// Reads a body's bytes.
    static func bytes(of request: Request) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        defer { room.leave(bytes.count) }
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= bytesMax else {
                throw Refusal(413, "request/too-large", "A request has at most \(bytesMax) bytes.")
            }
            guard room.enter(part.readableBytes) else {
                throw Refusal(429, "service/busy", "Too much is being read at once; send it again in a second.")
            }
            bytes.append(contentsOf: part.readableBytesView)
        }
        return bytes
    }

    /// Names the first number of a JSON body that is no whole number from 0; the decoder says only that there is one.
    private static func badNumber(in body: [UInt8]) -> String? {
        guard let value = try? JSONSerialization.jsonObject(with: Data(body)) else { return nil }
        func search(_ value: Any, _ place: String) -> String? {
            switch value {
            case let object as [String: Any]:
                object.sorted { $0.key < $1.key }.lazy.compactMap { search($0.value, "\(place).\($0.key)") }.first
            case let list as [Any]:
                list.enumerated().lazy.compactMap { search($0.element, "\(place)[\($0.offset)]") }.first
            case let number as NSNumber: UInt64(number.stringValue) == nil && !(value is Bool) ? place : nil
            default: nil
            }
        }
        return search(value, "body").map { "\($0) is not a whole number from 0 to 2^64 - 1." }
    }

    static func describe(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey]) -> String {
            let text = path.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
            return text.isEmpty ? "the body" : "body\(text)"
        }
        switch error {
        case .dataCorrupted(let context):
            return "\(place(context.codingPath)) is not right: \(context.debugDescription)"
        case .keyNotFound(let key, let context): return "\(place(context.codingPath)) lacks \(key.stringValue)."
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context.codingPath)) is of the wrong type."
        @unknown default: return "The body is not what it should be."
        }
    }
}

extension Response {
    /// An answer in JSON, its members in order of name.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }

    /// A description of the interface (media type of RFC 9512).
    static func openAPI(_ yaml: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/yaml"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: yaml)))
    }

    /// A problem as RFC 9457 has it.
    static func problem(_ refusal: Refusal) throws -> Response {
        var response = try json(refusal.problem, status: HTTPResponse.Status(code: refusal.status))
        response.headers[.contentType] = "application/problem+json"
        if refusal.status == 429 || refusal.status == 503 {
            response.headers[.retryAfter] = "\(refusal.retryAfter ?? 1)"
        }
        return response
    }
}

/// Turns what a handler throws into a problem; what is nobody's business stays in the log.
struct ProblemMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            return try .problem(refusal)
        } catch let error as HTTPError {
            let isUnknown = error.status == .notFound
            return try .problem(
                Refusal(
                    error.status.code, isUnknown ? "request/unknown-path" : "request/refused",
                    isUnknown ? "There is nothing at \(request.uri.path)." : "The request is refused."))
        } catch {
            context.logger.error(
                "request failed",
                metadata: ["http.path": "\(request.uri.path)", "error": "\(error)"])
            return try .problem(
                Refusal(503, "service/failed", "The service could not do this; nothing was acknowledged. Try again."))
        }
    }
}

extension Request {
    /// A whole number in the query, or `nil` where it is absent.
    func number(_ name: String) throws(Refusal) -> UInt64? {
        guard let text = uri.queryParameters[Substring(name)] else { return nil }
        guard let value = UInt64(text) else {
            throw Refusal(400, "request/query", "\(name) is not a whole number below 2^64.")
        }
        return value
    }
}
