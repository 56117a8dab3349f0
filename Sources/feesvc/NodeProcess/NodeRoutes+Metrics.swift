import HTTPTypes
import Hummingbird
import NIOCore
import Node

extension NodeRoutes {
    /// `GET /metrics`: what the node counts and holds, in the text format of Prometheus.
    func addMetrics(to router: Router<BasicRequestContext>) {
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: await node.metrics())))
        }
    }
}

/// Counts answers by the class of their status.
struct AnswerCounting: RouterMiddleware {
    let node: ReplicationNode

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let response = try await next(request, context)
        node.count(answerOf: response.status.code)
        return response
    }
}
