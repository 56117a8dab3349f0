import Foundation
import Primitives
import Testing

@Suite struct SignatureTests {
    /// What each `rejected` vector is refused for; `nil` where the form is good and only the signer is another.
    private static let reasons: [String: SignatureError?] = [
        "high s": .highS, "flipped v": nil, "v 0/1 form": .recoveryByte(found: 0), "r = 0": .scalarOutOfRange,
        "s = 0": .scalarOutOfRange, "r = n": .scalarOutOfRange, "64 bytes": .length(found: 64),
        "66 bytes": .length(found: 66),
    ]

    @Test func `every rejected signature is refused for its reason`() throws {
        let rejected = try Vector.file(.eip712)["rejected"].list
        #expect(rejected.count == Self.reasons.count)
        for vector in rejected {
            let name = try vector["name"].text
            let known = Self.reasons.first { name.hasPrefix($0.key) }
            let reason = try #require(known, "\(name)").value
            let bytes = try vector["signature"].bytes
            if let reason {
                #expect(throws: reason, "\(name)") { try Signature(bytes) }
            } else {
                let digest = try vector["digest"].word
                #expect(try Signature(bytes).recover(digest) == vector["ecrecoverWouldGive"].address, "\(name)")
                #expect(try vector["ecrecoverWouldGive"].text != "0x5D919726D5943F1F932fE80B9C98dA6b72D82b25")
            }
        }
    }

    private static let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd03641"  // its last byte is 41
    private static let half = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20"  // its last byte is a0
    private static let one = String(repeating: "0", count: 63) + "1"
    private static let zero = String(repeating: "0", count: 64)

    struct Edge: Sendable {
        let name: String
        let r: String
        let s: String
        var v: UInt8 = 27
        let refusal: SignatureError?
    }

    private static let edges = [
        Edge(name: "r = 1, s = 1", r: one, s: one, refusal: nil),
        Edge(name: "r = n - 1", r: order + "40", s: one, refusal: nil),
        Edge(name: "r = n", r: order + "41", s: one, refusal: .scalarOutOfRange),
        Edge(name: "r = n + 1", r: order + "42", s: one, refusal: .scalarOutOfRange),
        Edge(name: "s below half", r: one, s: half + "9f", refusal: nil),
        Edge(name: "s = half of n", r: one, s: half + "a0", refusal: nil),
        Edge(name: "s above half", r: one, s: half + "a1", refusal: .highS),
        Edge(name: "s = n - 1", r: one, s: order + "40", refusal: .highS),
        Edge(name: "s = n", r: one, s: order + "41", refusal: .scalarOutOfRange),
        Edge(name: "r = 0", r: zero, s: one, refusal: .scalarOutOfRange),
        Edge(name: "s = 0", r: one, s: zero, refusal: .scalarOutOfRange),
        Edge(name: "v = 26", r: one, s: one, v: 26, refusal: .recoveryByte(found: 26)),
        Edge(name: "v = 28", r: one, s: one, v: 28, refusal: nil),
        Edge(name: "v = 29", r: one, s: one, v: 29, refusal: .recoveryByte(found: 29)),
    ]

    @Test func `r and s are accepted up to their bounds and refused one above`() throws {
        for edge in Self.edges {
            let bytes = try #require(Hex.decode("0x" + edge.r + edge.s)) + [edge.v]
            if let refusal = edge.refusal {
                #expect(throws: refusal, "\(edge.name)") { try Signature(bytes) }
            } else {
                #expect(throws: Never.self, "\(edge.name)") { try Signature(bytes) }
            }
        }
    }

    @Test func `a length other than 65 is refused and told`() {
        for count in [0, 1, 64, 66, 130] {
            #expect(throws: SignatureError.length(found: count)) {
                try Signature([UInt8](repeating: 1, count: count))
            }
        }
    }

    @Test func `an r that is on no curve point recovers nobody`() throws {
        // x = 5 has no point on secp256k1: 5³ + 7 = 132 is no square modulo p.
        let bytes = [UInt8](repeating: 0, count: 31) + [5] + [UInt8](repeating: 0, count: 31) + [1, 27]
        let signature = try Signature(bytes)
        #expect(throws: SignatureError.unrecoverable) { try signature.recover(.zero) }
        #expect(!signature.isBy(.zero, over: .zero))
    }

    @Test func `a seeded key signs any digest so that only its address recovers`() throws {
        var generator = SplitMix64(seed: 2_026)
        for round in 0..<40 {
            let key = SecretKey(seed: generator.next(), label: "signer")
            let other = SecretKey(seed: generator.next(), label: "signer")
            var bytes: [UInt8] = []
            for _ in 0..<32 { bytes.append(UInt8.random(in: 0...255, using: &generator)) }
            let digest = try #require(Bytes32(bytes))
            let signature = key.sign(digest)
            #expect(signature == key.sign(digest), "seed 2026, round \(round): not deterministic")
            #expect(try Signature(signature.bytes) == signature, "seed 2026, round \(round)")
            #expect(try signature.recover(digest) == key.address, "seed 2026, round \(round)")
            #expect(!signature.isBy(other.address, over: digest), "seed 2026, round \(round)")
        }
    }

    @Test func `JSON holds 0x and 130 lower-case digits and nothing else`() throws {
        let signature = SecretKey(seed: 1, label: "json").sign(.zero)
        let text = String(decoding: try JSONEncoder().encode([signature]), as: UTF8.self)
        #expect(text == "[\"\(signature.hex)\"]")
        #expect(try JSONDecoder().decode([Signature].self, from: Data(text.utf8)) == [signature])
        for wrong in ["", "0x", String(signature.hex.dropLast(2)), signature.hex + "00", signature.hex.uppercased()] {
            #expect(throws: DecodingError.self, "\(wrong)") {
                try JSONDecoder().decode([Signature].self, from: Data("[\"\(wrong)\"]".utf8))
            }
        }
    }
}
