import Channels
import HTTPTypes
import Hummingbird
import Node
import OpenAPI
import Payer
import Primitives
import Rewards

/// A full node over HTTP, for publishers, readers and the fee service.
struct NodeRoutes {
    let node: ReplicationNode
    let feeds = FeedRoom(256)
    var budgets = NodeClientBudgets()

    private static let pageMax = 1_000

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: AnswerCounting(node: node))
        router.add(middleware: ProblemMiddleware())
        router.get("/openapi.yaml") { _, _ in Response.openAPI(OpenAPI.node) }
        router.get("/health") { _, _ in try Response.json(["status": "ok"]) }
        router.get("/v1/status") { _, _ in try Response.json(await status()) }
        router.get("/v1/head") { _, _ in
            guard let head = node.newestHead else {
                throw Refusal(404, "head/none", "This node has seen no head of the log yet.")
            }
            return try Response.json(HeadBody(head))
        }
        router.post("/v1/envelopes") { request, _ in try await publish(request) }
        router.get("/v1/topics") { request, _ in try await topics(request) }
        addReading(to: router)
        addRetention(to: router)
        addMetrics(to: router)
        router.get("/v1/receipts") { request, _ in
            let receipts = await node.receipts(
                above: try request.number("above") ?? 0, limit: Int(clamping: try request.number("limit") ?? 256))
            return try Response.json(NodeReceiptsBody(receipts: receipts.map { HexBytes($0.canonicalBytes) }))
        }
        router.get("/v1/observations/:epoch") { _, context in
            let (observation, signature) = try await node.observation(of: Self.epoch(context))
            return try Response.json(SignedBytesBody(bytes: observation.canonicalBytes, signature: signature))
        }
        router.get("/v1/delivered/:epoch") { _, context in
            let (delivered, signature) = try await node.delivered(in: Self.epoch(context))
            return try Response.json(SignedBytesBody(bytes: delivered.canonicalBytes, signature: signature))
        }
        return router
    }

    private static func epoch(_ context: BasicRequestContext) throws -> UInt64 {
        guard let epoch = UInt64(try context.parameters.require("epoch")), epoch >= 1, epoch < 1 << 32 else {
            throw Refusal(400, "request/path", "An epoch is a whole number from 1.")
        }
        return epoch
    }

    private func status() async -> NodeStatusBody {
        let status = await node.status()
        return NodeStatusBody(
            node: status.number, time: status.time, events: status.events, messages: status.messages,
            topics: status.topics, missing: status.chains.reduce(0) { $0 + $1.missing }, floor: status.floor.number,
            probedThrough: status.probedThrough?.number ?? 0,
            connectedPeers: status.peers.count { $0.state == .connected },
            refusals: NodeStatusBody.Refusals(node, budgets))
    }

    private func publish(_ request: Request) async throws -> Response {
        let body = try await HTTPBody.bytes(of: request)
        let parts = try ServiceRoutes.canonical { () throws(CanonicalError) in try PublishRequest.decode(body) }
        try budgets.envelopes.take(parts.reduce(0) { $0 + NodeClientBudgets.cost(ofPayload: $1.payload.count) })
        var answers = [PublishAnswerBody?](repeating: nil, count: parts.count)
        var good: [(place: Int, envelope: Envelope, receipt: Receipt)] = []
        for (place, part) in parts.enumerated() {
            do {
                guard let envelope = Envelope(head: try EnvelopeHead(canonicalBytes: part.head), payload: part.payload)
                else { throw Refusal(400, "publish/payload", "The head does not commit to this payload.") }
                good.append((place, envelope, try Receipt(canonicalBytes: part.receipt)))
            } catch {
                let refusal =
                    error as? Refusal ?? Refusal(400, "publish/form", "Not an envelope with a receipt: \(error).")
                answers[place] = PublishAnswerBody(event: nil, acknowledgement: nil, problem: refusal.problem)
            }
        }
        let outcomes = await node.publish(good.map { (envelope: $0.envelope, receipt: $0.receipt) })
        for (one, outcome) in zip(good, outcomes) {
            switch outcome {
            case .accepted(let acknowledgement, let signature, let event):
                answers[one.place] = PublishAnswerBody(
                    event: event,
                    acknowledgement: SignedBytesBody(bytes: acknowledgement.canonicalBytes, signature: signature),
                    problem: nil)
            case .refused(let refusal):
                let signed = node.signedRefusal(of: one.receipt.charge, for: refusal)
                var status = refusal.isRetryable ? 503 : 422
                var holders: [String]?
                if case .foreign(_, let others) = refusal { (status, holders) = (421, others) }
                answers[one.place] = PublishAnswerBody(
                    event: nil, acknowledgement: nil,
                    refusal: signed.map { SignedBytesBody(bytes: $0.refusal.canonicalBytes, signature: $0.signature) },
                    problem: Refusal(status, refusal.code, refusal.detail).problem, holders: holders)
            }
        }
        return try .json(PublishAnswersBody(results: answers.compactMap(\.self)))
    }

    private func topics(_ request: Request) async throws -> Response {
        let after = try Self.cursor(request)
        let limit = min(Int(clamping: try request.number("limit") ?? UInt64(Self.pageMax)), Self.pageMax)
        let page = await node.topics(after: after, limit: limit)
        return try .json(
            TopicsBody(
                topics: page.map { TopicsBody.Topic(topic: $0.id, events: $0.events, root: $0.root) }))
    }

    private static func cursor(_ request: Request) throws(Refusal) -> Bytes32? {
        guard let text = request.uri.queryParameters["after"] else { return nil }
        guard let cursor = Bytes32(hex: String(text)) else {
            throw Refusal(400, "request/query", "after is not 0x and 64 lower-case hex digits.")
        }
        return cursor
    }
}
