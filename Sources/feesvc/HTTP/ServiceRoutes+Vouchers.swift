import Channels
import HTTPTypes
import Hummingbird
import NIOCore
import Payer
import Primitives

extension ServiceRoutes {
    /// `POST /v1/vouchers`: JSON, or the binary form of ``VoucherFrames``.
    func vouchers(_ request: Request) async throws -> Response {
        guard request.headers[.contentType] == VoucherFrames.mediaType else {
            let body = try await HTTPBody.json(VouchersBody.self, of: request)
            let decisions = try await decide(body.vouchers.map(\.signed))
            return try .json(VoucherAnswersBody(results: try await answers(to: decisions)))
        }
        let bytes = try await HTTPBody.bytes(of: request)
        let vouchers = try Self.canonical { () throws(CanonicalError) in try VoucherFrames.readRequest(bytes) }
        let answer = try await frames(for: try await decide(vouchers))
        return Response(
            status: .ok, headers: [.contentType: VoucherFrames.mediaType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.bytes)))
    }

    private func decide(_ vouchers: [SignedVoucher]) async throws -> [VoucherDecision] {
        guard (1...VouchersBody.countMax).contains(vouchers.count) else {
            throw Refusal(400, "request/body", "A request has 1 to \(VouchersBody.countMax) vouchers.")
        }
        guard vouchers.reduce(0, { $0 + $1.items.count }) <= VouchersBody.itemsMax else {
            throw Refusal(
                400, "request/body", "The vouchers of a request name at most \(VouchersBody.itemsMax) items; split it.")
        }
        return try await pipeline.withRoom(for: vouchers.count) {
            let screened = try await VoucherScreen(service).screen(vouchers)
            var decided = try await pipeline.submit(screened.compactMap { try? $0.get() })[...]
            return screened.map { result in
                switch result {
                case .success: decided.removeFirst()
                case .failure(let refusal): .failure(refusal)
                }
            }
        }
    }

    private func answers(to decisions: [VoucherDecision]) async throws -> [VoucherAnswerBody] {
        var receipts = try await service.receiptDesk.receipts(for: Self.indexes(decisions)).receipts[...]
        return decisions.map { decision in
            switch decision {
            case .success(let indexes):
                let own = receipts.prefix(indexes.count)
                receipts = receipts.dropFirst(indexes.count)
                return VoucherAnswerBody(
                    receipts: own.map { ReceiptBody(receipt: HexBytes($0.receipt.canonicalBytes), salt: $0.salt) },
                    problem: nil)
            case .failure(let refusal):
                return VoucherAnswerBody(receipts: nil, problem: Self.refusal(refusal).problem)
            }
        }
    }

    private func frames(for decisions: [VoucherDecision]) async throws -> VoucherFrames.Answer {
        let (head, all) = try await service.receiptDesk.receipts(for: Self.indexes(decisions))
        var receipts = all[...]
        return VoucherFrames.Answer(
            head: head,
            results: decisions.map { decision in
                switch decision {
                case .success(let indexes):
                    let own = receipts.prefix(indexes.count)
                    receipts = receipts.dropFirst(indexes.count)
                    return .charged(
                        own.map {
                            VoucherFrames.Charged(
                                leaf: $0.receipt.leaf.canonicalBytes, path: $0.receipt.path, salt: $0.salt)
                        })
                case .failure(let refusal):
                    let refused = Self.refusal(refusal)
                    return .refused(status: UInt16(refused.status), code: refused.code, detail: refused.detail)
                }
            })
    }

    private static func indexes(_ decisions: [VoucherDecision]) -> [UInt64] {
        decisions.flatMap { (try? $0.get()) ?? [] }
    }

    private static func refusal(_ refusal: VoucherRefusal) -> Refusal {
        let status =
            switch refusal {
            case .unknownChannelOrSigner: 404
            case .paused: 503
            default: 402
            }
        return Refusal(status, refusal.code, refusal.detail)
    }
}
