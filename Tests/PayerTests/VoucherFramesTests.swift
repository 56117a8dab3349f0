import Channels
import Payer
import Primitives
import Testing

@Suite struct VoucherFramesTests {
    private let key = SecretKey(seed: 5, label: "payer")
    private let domain = EIP712Domain(chainID: Bytes32(integer: 31_337), verifyingContract: .zero)

    private func voucher(_ number: UInt64) throws -> SignedVoucher {
        var signer = LaneSigner(channelID: SHA256.hash([1]), lane: 0, sequence: number)
        let item = Item(
            envelopeHash: Bytes32(integer: UInt128(number)), bytes: 7, expiryDay: UTCDay(number: 19_800), postage: 0,
            maxFee: 9)
        return try signer.sign(item, validUntil: 100, key: key, domain: domain)
    }

    private var answer: VoucherFrames.Answer {
        let head = LogHead(logID: .zero, size: 3, root: SHA256.hash([3]), time: 4, epoch: 1)
        return VoucherFrames.Answer(
            head: SignedHead(head: head, signature: key.sign(domain.digest(of: head.statement))),
            results: [
                .charged([
                    VoucherFrames.Charged(leaf: [1, 2, 3], path: [SHA256.hash([4]), .zero], salt: SHA256.hash([5])),
                    VoucherFrames.Charged(leaf: [], path: [], salt: .zero),
                ]), .charged([]), .refused(status: 402, code: "voucher/deposit", detail: "Grüße"),
            ])
    }

    @Test func `a request and an answer are read as they were written`() throws {
        let vouchers = try (1...3).map(voucher)
        #expect(try VoucherFrames.readRequest(VoucherFrames.request(vouchers)) == vouchers)
        #expect(try VoucherFrames.Answer(answer.bytes) == answer)
    }

    /// Written by hand from docs/protocol.md §11.
    @Test func `a request is a count, then each voucher with its length`() throws {
        let one = try voucher(1)
        let length = UInt32(one.canonicalBytes.count)
        let expected: [UInt8] =
            [0, 0, 0, 1] + [
                UInt8(length >> 24), UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255),
            ]
            + one.canonicalBytes
        #expect(VoucherFrames.request([one]) == expected)
    }

    @Test func `bytes cut anywhere, or one byte longer, are refused`() throws {
        let request = VoucherFrames.request([try voucher(1)])
        for count in 0..<request.count {
            #expect(throws: CanonicalError.self) { try VoucherFrames.readRequest(Array(request[..<count])) }
        }
        #expect(throws: CanonicalError.trailing(count: 1)) { try VoucherFrames.readRequest(request + [0]) }
        let bytes = answer.bytes
        for count in 0..<bytes.count {
            #expect(throws: CanonicalError.self) { try VoucherFrames.Answer(Array(bytes[..<count])) }
        }
        #expect(throws: CanonicalError.trailing(count: 1)) { try VoucherFrames.Answer(bytes + [0]) }
    }

    @Test func `a request has at most 256 vouchers`() throws {
        let one = try voucher(1)
        #expect(try VoucherFrames.readRequest(VoucherFrames.request(.init(repeating: one, count: 256))).count == 256)
        #expect(throws: CanonicalError.tooLong(limit: 256, found: 257)) {
            try VoucherFrames.readRequest(VoucherFrames.request(.init(repeating: one, count: 257)))
        }
    }
}
