import Channels
import Primitives
import Testing

/// Another signature made of a good one. docs/attacks.md 8.
@Suite struct MalleabilityAttackTests {
    /// The order of secp256k1's group (SEC 2, section 2.4.1).
    private static let order = Hex.decode("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141") ?? []
    private static let signatureBytes = 65

    private let voucher = TestChannel().voucher([TestChannel.item(1)])

    /// The voucher's canonical bytes around its signature.
    private var parts: (before: [UInt8], after: [UInt8]) {
        let bytes = voucher.canonicalBytes
        // Behind the signature: the count of items, and one item with its length.
        let after = 4 + 4 + voucher.items[0].canonicalBytes.count
        return (Array(bytes.dropLast(after + Self.signatureBytes)), Array(bytes.suffix(after)))
    }

    private func refusal(_ signature: [UInt8]) -> CanonicalError? {
        let (before, after) = parts
        do throws(CanonicalError) {
            _ = try SignedVoucher(canonicalBytes: before + signature + after)
            return nil
        } catch {
            return error
        }
    }

    private static func negated(_ s: [UInt8]) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: 32)
        var borrow = 0
        for place in stride(from: 31, through: 0, by: -1) {
            let difference = Int(order[place]) - Int(s[place]) - borrow
            borrow = difference < 0 ? 1 : 0
            result[place] = UInt8(truncatingIfNeeded: difference)
        }
        return result
    }

    @Test func `the twin of a signature with the other s is refused, though it recovers the same key elsewhere`() throws
    {
        let bytes = voucher.signature.bytes
        #expect(refusal(bytes) == nil)
        let twin = bytes[0..<32] + Self.negated(Array(bytes[32..<64])) + [bytes[64] == 27 ? 28 : 27]
        #expect(refusal(Array(twin)) == .outOfRange(field: "signature"))
        #expect(throws: SignatureError.highS) { try Signature(Array(twin)) }
        // Turned over twice it is the good one: the arithmetic above is right.
        #expect(Self.negated(Self.negated(Array(bytes[32..<64]))) == Array(bytes[32..<64]))
    }

    @Test func `any last byte but 27 and 28 is refused`() {
        let bytes = voucher.signature.bytes
        for last in UInt8.min...UInt8.max where last != 27 && last != 28 {
            #expect(refusal(bytes.dropLast() + [last]) == .outOfRange(field: "signature"), "\(last)")
        }
    }

    @Test func `the 64 bytes of ERC-2098 are refused`() {
        let bytes = voucher.signature.bytes
        var compact = Array(bytes[0..<64])
        if bytes[64] == 28 { compact[32] |= 0x80 }
        #expect(refusal(compact) != nil)
        #expect(throws: SignatureError.length(found: 64)) { try Signature(compact) }
    }
}
