import Channels
import Payer
import Primitives
import Testing

@Suite struct LaneSignerTests {
    private let key = SecretKey(seed: 3, label: "payer")
    private let domain = EIP712Domain(chainID: Bytes32(integer: 31_337), verifyingContract: .zero)

    private func item(_ name: String, maxFee: Amount) -> Item {
        Item(
            envelopeHash: SHA256.hash(Array(name.utf8)), bytes: 1, expiryDay: UTCDay(number: 20_000), postage: .zero,
            maxFee: maxFee)
    }

    private func sign(_ item: Item, _ signer: inout LaneSigner, validUntil: UInt64 = 100) throws -> SignedVoucher {
        try signer.sign(item, validUntil: validUntil, key: key, domain: domain)
    }

    private func signer() -> LaneSigner { LaneSigner(channelID: SHA256.hash([1]), lane: 0) }

    @Test func `a ceiling covers what was charged and all that is under way`() throws {
        var signer = signer()
        let a = item("a", maxFee: 50)
        let b = item("b", maxFee: 30)
        #expect(try sign(a, &signer).voucher.cumulativeAmount == 50)
        #expect(try sign(b, &signer).voucher.cumulativeAmount == 80)
        try signer.charged(a.envelopeHash, 20)
        // 20 charged, 30 for b, 10 for c: less than was signed, and a ceiling is never lowered.
        #expect(try sign(item("c", maxFee: 10), &signer).voucher.cumulativeAmount == 80)
        #expect(try sign(item("d", maxFee: 21), &signer).voucher.cumulativeAmount == 81)
        #expect(signer.sequence == 4)
    }

    @Test func `a refused voucher leaves its room to the next`() throws {
        var signer = signer()
        let a = item("a", maxFee: 50)
        _ = try sign(a, &signer)
        signer.refused(a.envelopeHash)
        #expect(try signer.reserved == .zero)
        #expect(try sign(item("b", maxFee: 50), &signer).voucher.cumulativeAmount == 50)
    }

    @Test func `while an answer is missing the same voucher is sent again`() throws {
        var signer = signer()
        let a = item("a", maxFee: 50)
        let first = try sign(a, &signer)
        #expect(try sign(a, &signer) == first)
        #expect(try sign(a, &signer, validUntil: 99) == first)
        #expect(signer.sequence == 1)
        // It would not be valid long enough any more, or pays for something else: a new one, with no room taken twice.
        let later = try sign(a, &signer, validUntil: 101)
        #expect(later.voucher.sequence == 2)
        #expect(later.voucher.cumulativeAmount == 50)
        let dearer = try sign(item("a", maxFee: 60), &signer, validUntil: 101)
        #expect(dearer.voucher.cumulativeAmount == 60)
    }

    @Test func `a charge counts once`() throws {
        var signer = signer()
        let a = item("a", maxFee: 50)
        _ = try sign(a, &signer)
        try signer.charged(a.envelopeHash, 20)
        try signer.charged(a.envelopeHash, 20)
        #expect(signer.charged == 20)
    }

    @Test func `sequence and ceiling never fall, whatever is answered`() throws {
        var generator = SplitMix64(seed: 11)
        for _ in 0..<200 {
            var signer = signer()
            var known: [Item] = []
            var last = (sequence: UInt64(0), ceiling: Amount.zero)
            for step in 0..<40 {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0, 1:
                    known.append(item("\(step)", maxFee: Amount(UInt128.random(in: 0...1_000, using: &generator))))
                    let voucher = try sign(known[known.count - 1], &signer).voucher
                    #expect(voucher.sequence > last.sequence)
                    #expect(voucher.cumulativeAmount >= last.ceiling)
                    #expect(voucher.cumulativeAmount >= (try signer.charged.adding(signer.reserved)))
                    last = (voucher.sequence, voucher.cumulativeAmount)
                case 2:
                    guard let one = known.randomElement(using: &generator) else { continue }
                    try signer.charged(
                        one.envelopeHash, Amount(UInt128.random(in: 0...one.maxFee.units, using: &generator)))
                default:
                    guard let one = known.randomElement(using: &generator) else { continue }
                    signer.refused(one.envelopeHash)
                }
                #expect(signer.charged <= last.ceiling)
            }
        }
    }

    @Test func `what can't be added to 128 bits is not signed`() throws {
        var signer = signer()
        _ = try sign(item("a", maxFee: .max), &signer)
        #expect(throws: AmountError.self) { try sign(item("b", maxFee: 1), &signer) }
        #expect(signer.sequence == 1)
    }
}
