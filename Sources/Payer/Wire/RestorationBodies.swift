public import Channels
import Primitives

/// Vouchers that the service took in a history that it lost: `POST /v1/restorations`.
public struct RestorationsBody: Codable, Sendable {
    /// The most vouchers in one request.
    public static let countMax = 64

    /// A voucher with a receipt, and its salt, for each item that is to be charged again, in the voucher's order.
    public struct Lost: Codable, Sendable {
        /// The signed voucher's canonical bytes.
        public let voucher: HexBytes
        /// The receipts of the lost history.
        public let receipts: [ReceiptBody]

        /// Makes the body.
        public init(_ signed: SignedVoucher, proofs: [ChargeProof]) {
            voucher = HexBytes(signed.canonicalBytes)
            receipts = proofs.map { ReceiptBody(receipt: HexBytes($0.receipt.canonicalBytes), salt: $0.salt) }
        }
    }

    /// The vouchers, restored in this order.
    public let vouchers: [Lost]

    /// Makes the body.
    public init(vouchers: [Lost]) {
        self.vouchers = vouchers
    }
}
