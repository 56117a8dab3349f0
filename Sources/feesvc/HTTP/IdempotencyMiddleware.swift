import HTTPTypes
import Hummingbird
import NIOCore
import Primitives
import Storage
import Synchronization

/// Gives a request that repeats an `Idempotency-Key` the answer that it got the first time
/// (draft-ietf-httpapi-idempotency-key-header).
///
/// An act counts once by what is signed, with or without a key, and vouchers are answered with their receipts again
/// anyway, so they are left out. What a key adds is the first answer, word for word. It is kept after the act: where a
/// crash comes between the two, the act is asked for again and answers as a repetition does.
struct IdempotencyMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    private static let header = HTTPField.Name("Idempotency-Key")
    private static let replayed = HTTPField.Name("Idempotent-Replayed")

    let service: FeeService
    private let underWay = UnderWay()

    init(_ service: FeeService) {
        self.service = service
    }

    /// Keys whose first request is not answered yet.
    private final class UnderWay: Sendable {
        private let keys = Mutex<Set<String>>([])

        func begin(_ key: String) -> Bool { keys.withLock { $0.insert(key).inserted } }
        func end(_ key: String) { keys.withLock { _ = $0.remove(key) } }
    }

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .post, request.uri.path != "/v1/vouchers", let name = Self.header,
            let key = request.headers[name]
        else { return try await next(request, context) }
        guard (1...128).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Refusal(400, "request/idempotency-key", "An Idempotency-Key has 1 to 128 visible ASCII characters.")
        }
        var request = request
        let body = try await HTTPBody.bytes(of: request)
        request.body = RequestBody(buffer: ByteBuffer(bytes: body))
        var encoder = CanonicalEncoder(tag: "feesvc/request/1")
        encoder.append(request.uri.string)
        encoder.append(body)
        let hash = SHA256.hash(encoder.bytes)
        guard underWay.begin(key) else {
            throw Refusal(409, "request/idempotency-busy", "The first request with this Idempotency-Key is under way.")
        }
        defer { underWay.end(key) }
        if let kept = try await service.read({ try await IdempotencyStore($0).answer(key) }) {
            return try Self.again(kept, of: hash)
        }
        let response = try await next(request, context)
        return try await keep(response, key: key, request: hash)
    }

    private static func again(_ kept: KeptAnswer, of hash: Bytes32) throws -> Response {
        guard kept.request == hash else {
            throw Refusal(
                422, "request/idempotency-reused", "This Idempotency-Key was used for another request; take a new one.")
        }
        var headers: HTTPFields = [.contentType: "application/json"]
        if let replayed { headers[replayed] = "true" }
        return Response(
            status: .init(code: kept.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: kept.answer)))
    }

    /// Keeps what was done; a refusal may be another one later.
    private func keep(_ response: Response, key: String, request: Bytes32) async throws -> Response {
        guard response.status == .ok else { return response }
        let collected = Mutex<[UInt8]>([])
        try await response.body.write(CollectingWriter { part in collected.withLock { $0 += part.readableBytesView } })
        let bytes = collected.withLock(\.self)
        var answered = response
        answered.body = ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        guard bytes.count <= IdempotencyStore.answerBytesMax else { return answered }
        let kept = KeptAnswer(request: request, status: response.status.code, answer: bytes)
        try await service.pool.withTransaction { try await IdempotencyStore($0).keep(kept, key: key) }
        return answered
    }
}

/// Gathers a body that is to be both kept and sent.
private struct CollectingWriter: ResponseBodyWriter {
    let take: @Sendable (ByteBuffer) -> Void

    func write(_ buffer: ByteBuffer) async throws { take(buffer) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
