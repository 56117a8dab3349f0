public import Channels
public import Primitives

/// The binary form of `POST /v1/vouchers`, for whoever pays much: `application/octet-stream` both ways.
public enum VoucherFrames {
    /// Both bodies' media type.
    public static let mediaType = "application/octet-stream"

    /// The request: `list<bytes voucher>`, 1 … ``VouchersBody/countMax``.
    public static func request(_ vouchers: [SignedVoucher]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.append(list: vouchers) { $0.append($1.canonicalBytes) }
        return encoder.bytes
    }

    /// Reads a request.
    public static func readRequest(_ bytes: [UInt8]) throws(CanonicalError) -> [SignedVoucher] {
        var decoder = CanonicalDecoder(untagged: bytes)
        let vouchers = try decoder.readList(limit: VouchersBody.countMax) { decoder throws(CanonicalError) in
            try SignedVoucher(canonicalBytes: try decoder.readBytes(limit: SignedVoucher.bytesMax))
        }
        try decoder.finish()
        return vouchers
    }

    /// What became of one voucher.
    public enum Result: Hashable, Sendable {
        /// A leaf and its path for each item, with the salt that opens its commitment.
        case charged([Charged])
        /// A refusal: an HTTP status, the stable code, one sentence.
        case refused(status: UInt16, code: String, detail: String)
    }

    /// A charge of the answer; with the answer's head it is a receipt.
    public struct Charged: Hashable, Sendable {
        /// The leaf's canonical bytes.
        public let leaf: [UInt8]
        /// The siblings from the leaf to the head's root.
        public let path: [Bytes32]
        /// Opens the commitment.
        public let salt: Bytes32

        /// Makes a charge.
        public init(leaf: [UInt8], path: [Bytes32], salt: Bytes32) {
            self.leaf = leaf
            self.path = path
            self.salt = salt
        }
    }

    /// The answer: all its receipts are against one head.
    public struct Answer: Hashable, Sendable {
        /// The head.
        public let head: SignedHead
        /// A result for each voucher, in order.
        public let results: [Result]

        /// Makes an answer.
        public init(head: SignedHead, results: [Result]) {
            self.head = head
            self.results = results
        }

        /// `bytes head, sig, list<result>`; a result is `u8 0, list<bytes leaf, list<b32> path, b32 salt>` or
        /// `u8 1, u16 status, text code, text detail`.
        public var bytes: [UInt8] {
            var encoder = CanonicalEncoder()
            encoder.append(head.head.canonicalBytes)
            encoder.append(head.signature)
            encoder.append(list: results) { encoder, result in
                switch result {
                case .charged(let charges):
                    encoder.append(UInt8(0))
                    encoder.append(list: charges) { encoder, charge in
                        encoder.append(charge.leaf)
                        encoder.append(list: charge.path) { $0.append($1) }
                        encoder.append(charge.salt)
                    }
                case .refused(let status, let code, let detail):
                    encoder.append(UInt8(1))
                    encoder.append(status)
                    encoder.append(code)
                    encoder.append(detail)
                }
            }
            return encoder.bytes
        }

        /// Reads an answer; nothing of it is believed before its receipts are checked.
        public init(_ bytes: [UInt8]) throws(CanonicalError) {
            var decoder = CanonicalDecoder(untagged: bytes)
            let head = try LogHead(canonicalBytes: try decoder.readBytes(limit: 512))
            self.head = SignedHead(head: head, signature: try decoder.readSignature())
            results = try decoder.readList(limit: VouchersBody.countMax) { decoder throws(CanonicalError) in
                switch try decoder.readUInt8() {
                case 0:
                    .charged(
                        try decoder.readList(limit: Item.countMax) { decoder throws(CanonicalError) in
                            Charged(
                                leaf: try decoder.readBytes(limit: Receipt.bytesMax),
                                path: try decoder.readList(limit: 64) { decoder throws(CanonicalError) in
                                    try decoder.readBytes32()
                                }, salt: try decoder.readBytes32())
                        })
                case 1:
                    .refused(
                        status: try decoder.readUInt16(), code: try decoder.readText(limit: 64, field: "code"),
                        detail: try decoder.readText(limit: 1_024, field: "detail"))
                default: throw .outOfRange(field: "result")
                }
            }
            try decoder.finish()
        }
    }
}

extension Receipt {
    /// The receipt that a charge of an answer makes with the answer's head.
    public init(_ charged: VoucherFrames.Charged, head: SignedHead) throws(ReceiptRefusal) {
        let leaf: LogLeaf
        let found: Charge?
        do {
            leaf = try LogLeaf(canonicalBytes: charged.leaf)
            found = try leaf.charge()
        } catch {
            throw .form(error)
        }
        guard let charge = found else { throw .notACharge }
        self.init(leaf: leaf, charge: charge, head: head, path: charged.path)
    }
}
