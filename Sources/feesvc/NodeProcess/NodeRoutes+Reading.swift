import Channels
import HTTPTypes
import Hummingbird
import NIOCore
import Node
import Payer
import Primitives

extension NodeRoutes {
    /// Adds what readers ask for.
    func addReading(to router: Router<BasicRequestContext>) {
        router.get("/v1/topics/:topic/messages") { request, context in
            if let elsewhere = try await elsewhere(request, context) { return elsewhere }
            return try await messages(request, context)
        }
        router.get("/v1/topics/:topic/feed") { request, context in
            if let elsewhere = try await elsewhere(request, context) { return elsewhere }
            return try await feed(request, context)
        }
        router.get("/v1/events/:event") { _, context in
            try Response.json(EventStandingBody(try await node.standing(of: ServiceRoutes.hash("event", context))))
        }
        router.get("/v1/events/:event/envelope") { _, context in
            let event = try ServiceRoutes.hash("event", context)
            try await refuseDenied(event: event)
            guard let bytes = try await node.envelopeBytes(of: event) else { throw Self.notHeld(event) }
            return Response(
                status: .ok, headers: [.contentType: "application/octet-stream"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        router.get("/v1/events/:event/possession") { request, context in
            let event = try ServiceRoutes.hash("event", context)
            guard let text = request.uri.queryParameters["nonce"], let nonce = Bytes32(hex: String(text)) else {
                throw Refusal(
                    400, "request/query", "nonce is not 0x and 64 lower-case hex digits; choose a random one.")
            }
            guard let (possession, signature) = try await node.possession(of: event, nonce: nonce) else {
                throw Self.notHeld(event)
            }
            return try Response.json(SignedBytesBody(bytes: possession.canonicalBytes, signature: signature))
        }
        router.get("/v1/peers") { _, _ in try Response.json(PeersBody(await node.status())) }
    }

    private static func notHeld(_ event: Bytes32) -> Refusal {
        Refusal(
            404, "event/not-held", "This node does not hold the event \(event); ask GET /v1/events for what it knows.")
    }

    /// The way to who holds a topic's shard, where this node does not; `nil` where it does.
    private func elsewhere(_ request: Request, _ context: BasicRequestContext) async throws -> Response? {
        let place = await node.place(ofTopic: try ServiceRoutes.hash("topic", context))
        guard !place.isHeld else { return nil }
        guard let holder = place.holders.randomElement() else {
            throw Refusal(
                421, "topic/shard",
                "The topic is in shard \(place.shard), which this node does not hold, nor knows who does.")
        }
        return Response(status: .temporaryRedirect, headers: [.location: "http://\(holder)\(request.uri.string)"])
    }

    private func messages(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let topic = try ServiceRoutes.hash("topic", context)
        try refuseDenied(topic: topic)
        let query = request.uri.queryParameters
        let limit = min(Int(clamping: try request.number("limit") ?? 100), ReplicationNode.pageMax)
        let from = try request.number("from") ?? 0
        let through = min(try request.number("through") ?? .max, UInt64(Int64.max))
        guard from <= through else {
            throw Refusal(400, "request/query", "from is after through; both are Unix seconds.")
        }
        var after: MessageCursor?
        if let text = query["after"] {
            guard let cursor = MessageCursor(String(text)) else {
                throw Refusal(400, "request/query", "after is not the cursor of a message, a number.")
            }
            after = cursor
        }
        let isWhole = query["envelopes"] == "true"
        let page = await node.messages(in: topic, after: after, logged: from...through, limit: limit)
        return try .json(
            MessagesBody(messages: page.map { MessageBody($0, withEnvelope: isWhole, node.policy) }))
    }
}

extension MessageCursor {
    /// The charge's number.
    var text: String { "\(charge)" }

    /// Reads ``text``.
    init?(_ text: String) {
        guard let charge = UInt64(text), charge <= UInt64(Int64.max) else { return nil }
        self.init(charge: charge)
    }
}

extension MessageBody {
    init(_ message: StoredMessage, cursor: String, withEnvelope: Bool, isWithheld: Bool?) {
        self.init(
            event: message.id, cursor: cursor, charge: message.charge, time: message.logged,
            originator: message.event.event.originator, envelopeHash: message.envelope.hash,
            envelope: withEnvelope ? HexBytes(message.envelope.wireBytes) : nil, isWithheld: isWithheld)
    }
}

extension EventStandingBody {
    init(_ standing: EventStanding) {
        switch standing {
        case .held(let held):
            self.init(
                state: "held", originator: held.originator, sequence: held.sequence, topic: held.topic,
                epoch: held.epoch, charge: held.charge)
        case .refused: self.init(state: "refused")
        case .unknown: self.init(state: "unknown")
        }
    }
}

extension PeersBody {
    init(_ status: NodeStatus) {
        self.init(
            peers: status.peers.map { Peer(node: $0.number, state: $0.state.rawValue, isEqual: $0.isEqual) },
            chains: status.chains.map {
                Chain(
                    originator: $0.originator, shard: UInt32($0.shard.number), highest: $0.highest, event: $0.id)
            },
            shards: status.shards.map {
                Shard(
                    shard: UInt32($0.shard.number), events: $0.events, isAssigned: $0.isAssigned,
                    provedBy: $0.provedBy)
            },
            evidence: status.evidence)
    }
}
