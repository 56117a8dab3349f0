import HTTPTypes
import Hummingbird
import NIOCore

/// Says for the time of each request who asks, and hands it on.
struct ClientResponder: HTTPResponder {
    /// A request's context, and who is at the other end of its connection.
    struct Context: InitializableFromSource, RequestContext {
        var coreContext: CoreRequestContextStorage
        let basic: BasicRequestContext
        let client: HTTPClientName

        init(source: ApplicationRequestContextSource) {
            basic = BasicRequestContext(source: source)
            coreContext = basic.coreContext
            client = HTTPClientName(source.channel.remoteAddress)
        }
    }

    private let responder: MethodResponder
    private let isBehindProxy: Bool

    /// `isBehindProxy`: the client is who the proxy in front, and nobody before it, says that it is.
    init(_ responder: MethodResponder, isBehindProxy: Bool) {
        self.responder = responder
        self.isBehindProxy = isBehindProxy
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let client = isBehindProxy ? Self.forwarded(request) ?? context.client : context.client
        return try await HTTPClientName.$current.withValue(client) {
            try await responder.respond(to: request, context: context.basic)
        }
    }

    /// The last address of the last `X-Forwarded-For`: the one that the proxy itself wrote; a client may write others before it.
    private static func forwarded(_ request: Request) -> HTTPClientName? {
        guard let name = HTTPField.Name("X-Forwarded-For"), let line = request.headers[values: name].last,
            let last = line.split(separator: ",").last
        else { return nil }
        return HTTPClientName(text: last.trimmingPrefix { $0 == " " }.description)
    }
}
