import Channels
import Hummingbird
import Payer
import Primitives

extension ServiceRoutes {
    /// `POST /v1/restorations`: what a payer's wallet can prove of a history that was lost, voucher by voucher in order.
    func restorations(_ request: Request) async throws -> Response {
        let body = try await HTTPBody.json(RestorationsBody.self, of: request)
        guard (1...RestorationsBody.countMax).contains(body.vouchers.count) else {
            throw Refusal(400, "request/body", "A request has 1 to \(RestorationsBody.countMax) vouchers.")
        }
        var results: [VoucherAnswerBody] = []
        for lost in body.vouchers {
            do {
                let indexes = try await service.restore(try Self.read(lost))
                let receipts = try await service.receiptDesk.receipts(for: indexes).receipts
                results.append(
                    VoucherAnswerBody(
                        receipts: receipts.map {
                            ReceiptBody(receipt: HexBytes($0.receipt.canonicalBytes), salt: $0.salt)
                        }, problem: nil))
            } catch let refusal as RestorationRefusal {
                results.append(VoucherAnswerBody(receipts: nil, problem: Self.refusal(refusal).problem))
            }
        }
        return try .json(VoucherAnswersBody(results: results))
    }

    private static func read(_ lost: RestorationsBody.Lost) throws -> LostVoucher {
        let signed = try canonical { () throws(CanonicalError) in
            try SignedVoucher(canonicalBytes: lost.voucher.bytes)
        }
        guard lost.receipts.count <= Item.countMax else {
            throw Refusal(400, "request/body", "A voucher has at most \(Item.countMax) receipts.")
        }
        var proofs: [(receipt: Receipt, salt: Bytes32)] = []
        for body in lost.receipts {
            do throws(ReceiptRefusal) {
                proofs.append((try Receipt(canonicalBytes: body.receipt.bytes), body.salt))
            } catch {
                throw RestorationRefusal.receipt(error)
            }
        }
        return LostVoucher(signed: signed, proofs: proofs)
    }

    private static func refusal(_ refusal: RestorationRefusal) -> Refusal {
        let status =
            switch refusal {
            case .voucher(.unknownChannelOrSigner): 404
            case .voucher: 402
            case .standing, .notLost, .order, .epoch: 409
            case .receiptCount, .receipt, .commitment, .item: 422
            }
        return Refusal(status, refusal.code, refusal.detail)
    }
}
