import Channels
import Hummingbird
import Node
import Payer
import Primitives

/// What has gone from a node: messages that their owners had deleted, and days that have expired.
extension NodeRoutes {
    func addRetention(to router: Router<BasicRequestContext>) {
        router.post("/v1/deletions") { request, _ in try await delete(request) }
        router.get("/v1/head-evidence") { _, _ in
            let evidence = try await node.headEvidence()
            return try Response.json(HeadEvidenceBody(evidence: evidence.map { HexBytes($0.canonicalBytes) }))
        }
        router.get("/v1/checkpoints") { request, _ in
            let after = try request.number("after").map { UInt32(clamping: $0) } ?? 0
            let limit = min(
                Int(clamping: try request.number("limit") ?? UInt64(ReplicationNode.checkpointsMax)),
                ReplicationNode.checkpointsMax)
            let shard = try request.number("shard").map { UInt16(clamping: $0) } ?? .max
            let page = try await node.checkpoints(
                after: UTCDay(number: after), Shard(number: shard), limit: limit)
            return try Response.json(
                CheckpointsBody(
                    checkpoints: page.map {
                        SignedBytesBody(bytes: $0.checkpoint.canonicalBytes, signature: $0.signature)
                    }))
        }
    }

    private func delete(_ request: Request) async throws -> Response {
        try budgets.orders.take()
        let body = try await HTTPBody.json(DeletionBody.self, of: request)
        let deletion = try ServiceRoutes.canonical { () throws(CanonicalError) in
            try Deletion(canonicalBytes: body.deletion.bytes)
        }
        switch try await node.delete(deletion, charge: body.charge) {
        case .deleted: return try Response.json(DeletedBody(charge: body.charge, isNew: true))
        case .known: return try Response.json(DeletedBody(charge: body.charge, isNew: false))
        case .notHeld:
            throw Refusal(
                404, "deletion/not-held",
                "This node holds no message of charge \(body.charge): it never came here, or has expired.")
        case .otherMessage:
            throw Refusal(
                422, "deletion/other-message", "Charge \(body.charge) paid for another message than this order is of.")
        case .refused(let refusal): throw Refusal(422, refusal.code, refusal.detail)
        }
    }
}
