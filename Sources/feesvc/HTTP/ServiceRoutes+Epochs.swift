import Channels
import Hummingbird
import NIOCore
import Payer
import Primitives
import Rewards
import Storage

/// An epoch as the service shows it.
struct EpochBody: Codable, Sendable {
    let epoch: UInt64
    let state: String
    let firstIndex: UInt64
    let endIndex: UInt64?
    let charged: Amount
    let captured: Amount
    let congestion: Amount
    let grants: Amount
    let refunded: Amount
    let held: Amount?
    let postageHeld: Amount?
    let result: HexBytes?
    let root: Bytes32?

    init(_ epoch: StoredEpoch) throws {
        self.epoch = epoch.number
        state =
            epoch.attestedAt != nil
            ? "attested" : epoch.result != nil ? "sealed" : epoch.endIndex != nil ? "closed" : "open"
        firstIndex = epoch.firstIndex
        endIndex = epoch.endIndex
        charged = epoch.charged
        captured = try Amount.sum([epoch.captured.base, epoch.captured.storage, epoch.captured.postage])
        congestion = epoch.captured.congestion
        grants = epoch.granted
        refunded = epoch.refunded
        held = epoch.held
        postageHeld = epoch.postageHeld
        result = epoch.result.map { HexBytes($0.canonicalBytes) }
        root = epoch.result?.root
    }
}

/// `POST /v1/claims`.
struct ClaimBody: Codable, Sendable {
    let epoch: UInt64
    @Count32 var node: UInt32
    let payout: Address
    let cumulative: Amount
    let proof: [Bytes32]
}

/// The answer to a claim.
struct ClaimedBody: Codable, Sendable {
    let paid: Amount
}

extension ServiceRoutes {
    func addEpochs(to router: Router<BasicRequestContext>) {
        router.get("/v1/seal") { _, _ in
            guard let seal = try await service.sealNotice() else {
                throw Refusal(404, "epoch/none-sealed", "No epoch has been sealed yet.")
            }
            return try Response.json(SealBody(seal))
        }
        router.get("/v1/epochs/:epoch") { _, context in
            let number = try Self.epoch(context)
            guard let epoch = try await service.read({ try await EpochStore($0).epoch(number) }) else {
                throw Refusal(404, "epoch/unknown", "Epoch \(number) has not begun.")
            }
            return try Response.json(try EpochBody(epoch))
        }
        router.get("/v1/epochs/:epoch/inputs/:file") { _, context in
            let name = try context.parameters.require("file")
            guard let file = InputFile(rawValue: name) else {
                throw Refusal(
                    404, "epoch/unknown-file",
                    "There is no \(name); there are \(InputFile.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            let number = try Self.epoch(context)
            let bytes = try await service.read { try await EpochInputs($0, epoch: number).bytes(of: file) }
            return Response(
                status: .ok, headers: [.contentType: file.mediaType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
        router.post("/v1/claims") { request, _ in
            let body = try await HTTPBody.json(ClaimBody.self, of: request)
            let paid = try await service.pay(
                RewardClaim(
                    epoch: body.epoch, node: body.node, payout: body.payout, cumulative: body.cumulative,
                    proof: body.proof))
            return try Response.json(ClaimedBody(paid: paid))
        }
    }

    static func epoch(_ context: BasicRequestContext) throws -> UInt64 {
        guard let number = UInt64(try context.parameters.require("epoch")), number >= 1, number < 1 << 32 else {
            throw Refusal(400, "request/path", "An epoch is a whole number from 1.")
        }
        return number
    }

    /// Does what the admin key orders.
    func act(_ request: Request) async throws -> Response {
        let body = try await HTTPBody.json(AdminActBody.self, of: request)
        let act = try Self.canonical { () throws(CanonicalError) in try AdminAct(canonicalBytes: body.bytes.bytes) }
        try await AdminActs(service: service, collector: collector).perform(
            act, signature: body.signature, opening: body.opening)
        return try .json(HeadBody(service.heads.head))
    }
}
