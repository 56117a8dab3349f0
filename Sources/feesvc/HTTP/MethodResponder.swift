import HTTPTypes
import Hummingbird

/// Says 405 with `Allow` where a path is known and the method is not (RFC 9110, section 15.5.6); the router says 404.
struct MethodResponder: HTTPResponder {
    private let router: RouterResponder<BasicRequestContext>
    /// Each path's parts, `nil` where anything may stand, with its methods.
    private let paths: [(parts: [String?], methods: [HTTPRequest.Method])]

    init(_ router: Router<BasicRequestContext>) {
        let byPath = Dictionary(grouping: router.routes) { $0.path.description }
        paths = byPath.sorted { $0.key < $1.key }.map { path, routes in
            (
                path.split(separator: "/").map { $0.hasPrefix(":") || $0.hasPrefix("{") ? nil : String($0) },
                routes.map(\.method).sorted { $0.rawValue < $1.rawValue }
            )
        }
        self.router = router.buildResponder()
    }

    func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
        let response = try await router.respond(to: request, context: context)
        guard response.status == .notFound else { return response }
        let parts = request.uri.path.split(separator: "/")
        let methods = paths.filter { path in
            path.parts.count == parts.count
                && zip(path.parts, parts).allSatisfy { known, part in known.map { $0 == part } ?? true }
        }.flatMap(\.methods)
        guard !methods.isEmpty, !methods.contains(request.method) else { return response }
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        var refused = try Response.problem(
            Refusal(405, "request/method", "\(request.uri.path) takes \(allowed), not \(request.method.rawValue)."))
        refused.headers[.allow] = allowed
        return refused
    }
}
