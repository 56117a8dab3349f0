import Channels
import Hummingbird
import NIOCore
import Payer
import Primitives
import Storage

/// The answer to `POST /v1/schedules/preview`.
struct SchedulePreviewBody: Encodable {
    /// Why a schedule may not follow the last one now.
    struct Refused: Encodable {
        let code: String
        let detail: String
    }

    let preview: SchedulePreview
    var refused: Refused?
}

extension ServiceRoutes {
    func addFees(to router: Router<BasicRequestContext>) {
        router.get("/v1/schedules") { _, _ in
            let time = try await service.feeState().time
            let logged = try await service.read { try await ScheduleStore($0).all() }
            let inForce = logged.last { $0.schedule.effectiveFrom <= time }?.schedule.version ?? 0
            let entries = logged.map { entry in
                let version = entry.schedule.version
                return SchedulesBody.Entry(
                    logIndex: entry.logIndex,
                    state: version < inForce ? .past : version == inForce ? .inForce : .announced,
                    schedule: ScheduleBody(entry.schedule))
            }
            return try Response.json(SchedulesBody(time: time, schedules: entries))
        }
        router.post("/v1/schedules/preview") { request, _ in
            let proposed = try await HTTPBody.json(ScheduleBody.self, of: request).schedule
            return try Response.json(try await service.feeState().preview(proposed, genesis: service.genesis))
        }
        router.get("/v1/quote") { request, _ in try await quote(request) }
        router.get("/v1/keys") { _, _ in
            let log = service.receiptDesk.log
            let rotations = log.keys.changes.map(\.index)
            let (head, leaves) = try await service.receiptDesk.proofs(of: rotations + log.rollbacks.map(\.index))
            let shown = leaves.map { KeysBody.LoggedLeaf(leaf: HexBytes($0.leaf.canonicalBytes), path: $0.path) }
            return try Response.json(
                KeysBody(
                    head: HeadBody(head), rotations: Array(shown.prefix(rotations.count)),
                    rollbacks: Array(shown.dropFirst(rotations.count))))
        }
        router.get("/v1/admin/acts") { _, _ in try Response.json(await service.adminState()) }
    }

    private func quote(_ request: Request) async throws -> Response {
        guard let bytes = try request.number("bytes").flatMap(UInt32.init(exactly:)),
            let days = try request.number("days").flatMap(UInt32.init(exactly:))
        else {
            throw Refusal(
                400, "request/query", "Ask with bytes, the payload's size, and days of storage, each below 2^32.")
        }
        let withPostage: Bool
        switch request.uri.queryParameters["postage"] {
        case nil, "false": withPostage = false
        case "true": withPostage = true
        default: throw Refusal(400, "request/query", "postage is true or false.")
        }
        let state = try await service.feeState()
        func price(under schedule: FeeSchedule, at time: UInt64) throws(PriceRefusal) -> FeeQuote {
            try FeeQuote(
                bytes: bytes, days: days, withPostage: withPostage, under: schedule, counts: state.counts, at: time)
        }
        let next = state.next.map { schedule in
            QuoteBody.Next(
                schedule,
                Result { () throws(PriceRefusal) in try price(under: schedule, at: schedule.effectiveFrom) })
        }
        let now: FeeQuote
        do throws(PriceRefusal) {
            now = try price(under: state.inForce, at: state.time)
        } catch {
            let refusal = VoucherRefusal.price(envelopeHash: .zero, error)
            throw Refusal(422, refusal.code, "There is no price: \(error.detail)")
        }
        return try .json(QuoteBody(time: state.time, quote: now, next: next, paused: state.isPaused))
    }
}
