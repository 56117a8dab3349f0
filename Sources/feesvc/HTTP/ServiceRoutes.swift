import Channels
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OpenAPI
import Payer
import Primitives
import Rewards
import Storage

/// The fee service over HTTP; docs/openapi.yaml describes the same routes.
struct ServiceRoutes {
    let service: FeeService
    let pipeline: VoucherPipeline
    let collector: StatementCollector
    var freeInputs = FreeInputOptions.budget()

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: IdempotencyMiddleware(service))
        addPublic(to: router)
        addLog(to: router)
        addChannels(to: router)
        addPayments(to: router)
        addRefunds(to: router)
        addSettlement(to: router)
        addNetwork(to: router)
        addEpochs(to: router)
        addAttestations(to: router)
        addRewards(to: router)
        addFees(to: router)
        router.post("/v1/admin/acts") { request, _ in try await act(request) }
        return router
    }

    private func addPublic(to router: Router<BasicRequestContext>) {
        router.get("/health") { _, _ in
            _ = try await service.pool.query("SELECT 1")
            return try Response.json(["status": "ok"])
        }
        router.get("/openapi.yaml") { _, _ in Response.openAPI(OpenAPI.service) }
        router.get("/v1/parameters") { _, _ in
            let time = service.heads.head.head.time
            let schedule = try await service.state.schedule(at: time)
            return try Response.json(
                ParametersBody(
                    genesis: HexBytes(service.genesis.canonicalBytes), schedule: HexBytes(schedule.canonicalBytes),
                    challengeWindow: service.admission.challengeWindow,
                    settlementHorizon: service.admission.settlementHorizon,
                    minimumDeposit: service.terms.minimumDeposit, time: time))
        }
        router.get("/v1/head") { request, _ in
            let size = try request.number("size")
            let time = try request.number("time") ?? 0
            guard let size else { return try Response.json(HeadBody(service.heads.head)) }
            return try Response.json(
                HeadBody(await service.heads.head(after: size, time: time, timeout: .seconds(10))))
        }
    }

    private func addLog(to router: Router<BasicRequestContext>) {
        router.get("/v1/log/consistency") { request, _ in
            guard let from = try request.number("from") else {
                throw Refusal(400, "request/query", "Ask with from, the size of a head that you hold.")
            }
            let (head, proof) = try await service.receiptDesk.consistency(from: from)
            return try Response.json(ConsistencyBody(head: HeadBody(head), proof: proof))
        }
    }

    private func addPayments(to router: Router<BasicRequestContext>) {
        router.post("/v1/vouchers") { request, _ in try await vouchers(request) }
        router.post("/v1/restorations") { request, _ in try await restorations(request) }
    }

    private func addSettlement(to router: Router<BasicRequestContext>) {
        router.post("/v1/settlement/deposits") { request, _ in
            let body = try await HTTPBody.json(SettlementBody.self, of: request)
            guard let id = Bytes32(body.subject.bytes) else {
                throw Refusal(400, "request/body", "The subject of a deposit is a channel's id of 32 bytes.")
            }
            let deposit = Deposit(channelID: id, amount: body.amount, reference: body.reference)
            try await service.credit(deposit, signature: body.signature)
            return try Response.json(["reference": body.reference.hex])
        }
        router.post("/v1/settlement/stakes") { request, _ in
            let body = try await HTTPBody.json(SettlementBody.self, of: request)
            let stake = StakeDeposit(
                operatorAddress: try Self.address(body.subject), amount: body.amount, reference: body.reference)
            try await service.credit(stake, signature: body.signature)
            return try Response.json(["reference": body.reference.hex])
        }
        router.post("/v1/settlement/payouts") { request, _ in
            let body = try await HTTPBody.json(SettlementBody.self, of: request)
            let payout = Payout(
                account: try Self.address(body.subject), amount: body.amount, reference: body.reference)
            try await service.paid(payout, signature: body.signature)
            return try Response.json(["reference": body.reference.hex])
        }
    }

    private func addNetwork(to router: Router<BasicRequestContext>) {
        router.get("/v1/nodes") { _, _ in
            let nodes = try await service.nodes().map {
                NodesBody.Node($0.node, cumulative: $0.cumulative, claimed: $0.claimed)
            }
            let (members, epoch) = try await service.members()
            return try Response.json(NodesBody(nodes: nodes, members: members, epoch: epoch))
        }
        router.post("/v1/nodes") { request, _ in
            let body = try await HTTPBody.json(RegisterNodeBody.self, of: request)
            let node = try await service.register(
                body.registration, operatorSignature: body.operatorSignature, nodeSignature: body.nodeSignature)
            return try Response.json(NodesBody.Node(node, cumulative: .zero, claimed: .zero))
        }
    }

    static func canonical<Value>(_ body: () throws(CanonicalError) -> Value) throws(Refusal) -> Value {
        do {
            return try body()
        } catch {
            throw Refusal(400, "request/canonical-bytes", "The bytes are not canonical: \(error).")
        }
    }

    static func hash(_ name: String, _ context: BasicRequestContext) throws -> Bytes32 {
        guard let value = Bytes32(hex: try context.parameters.require(name)) else {
            throw Refusal(400, "request/path", "\(name) is not 0x and 64 lower-case hex digits.")
        }
        return value
    }

    private static func address(_ subject: HexBytes) throws(Refusal) -> Address {
        guard let address = Address(subject.bytes) else {
            throw Refusal(400, "request/body", "The subject is an address of 20 bytes.")
        }
        return address
    }
}
