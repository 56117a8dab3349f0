import Foundation
import Primitives
import Testing

@testable import Payer

@Suite struct KeystoreTests {
    private static let cheap = Result { try ScryptCost(n: 2, r: 1, p: 1) }
    private let key = SecretKey(seed: 1, label: "payer")

    private func keystore(_ password: String = "pass") throws -> Keystore {
        try Keystore(encrypting: key, password: password, cost: try Self.cheap.get())
    }

    private func refusal(_ keystore: Keystore, _ password: String) -> KeystoreError? {
        do throws(KeystoreError) {
            _ = try keystore.decrypt(password: password)
            return nil
        } catch {
            return error
        }
    }

    @Test func `only the very password opens the file`() throws {
        for (password, others) in [
            ("pass", ["", "Pass", "pass ", " pass", "pas", "passs", "pass\n"]),
            ("", [" ", "pass"]),
            ("caf\u{e9}", ["cafe\u{301}", "cafe"]),
        ] {
            let keystore = try keystore(password)
            #expect(try keystore.decrypt(password: password).exportBytes() == key.exportBytes())
            for other in others { #expect(refusal(keystore, other) == .wrongPassword, "\(other)") }
        }
    }

    @Test func `every bit of ciphertext and MAC is proved by the MAC`() throws {
        let good = try keystore()
        for bit in 0..<256 {
            let ciphertext = try Self.flipped(good.ciphertext, bit)
            #expect(refusal(good.with(ciphertext: ciphertext), "pass") == .wrongPassword, "ciphertext, bit \(bit)")
            #expect(
                refusal(good.with(mac: try Self.flipped(good.mac, bit)), "pass") == .wrongPassword, "mac, bit \(bit)")
        }
        #expect(refusal(good, "pass") == nil)
    }

    @Test func `a changed counter, which the MAC leaves out, is found by the address`() throws {
        let good = try keystore()
        for bit in 0..<128 {
            var iv = good.iv
            iv[bit / 8] ^= 1 << UInt8(bit % 8)
            guard case .otherAddress(key.address, _) = refusal(good.with(iv: iv), "pass") else {
                Issue.record("bit \(bit) of the counter changed the key, and nobody said so")
                continue
            }
        }
    }

    @Test func `a stated address must be the key's, and both are named`() throws {
        let good = try keystore()
        #expect(good.address == key.address)
        let other = SecretKey(seed: 2, label: "payer").address
        #expect(refusal(good.with(address: other), "pass") == .otherAddress(stated: other, found: key.address))
        #expect(refusal(good.with(address: other), "wrong") == .wrongPassword)
        #expect(refusal(good.with(address: nil), "pass") == nil)
    }

    @Test func `salt, counter and id are drawn anew each time`() throws {
        let drawn = try (0..<8).map { _ in try keystore() }
        #expect(Set(drawn.map(\.iv)).count == 8)
        #expect(Set(drawn.map(\.id)).count == 8)
        #expect(Set(drawn.map(\.derivation)).count == 8)
        #expect(Set(drawn.map(\.ciphertext)).count == 8)
        for one in drawn {
            guard case .scrypt(_, let salt) = one.derivation else {
                Issue.record("\(one.derivation)")
                continue
            }
            #expect(salt.count == 32)
            #expect(one.iv.count == 16)
            #expect(one.iv != Array(salt.prefix(16)) && one.iv != Array(salt.suffix(16)))
        }
    }

    @Test func `a key drawn at random comes back from its text, and the text does not hold it`() throws {
        var generator = SplitMix64(seed: 7)
        for _ in 0..<32 {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let key = try #require(SecretKey(bytes))
            let password = String(UInt64.random(in: 0...UInt64.max, using: &generator), radix: 36)
            let keystore = try Keystore(encrypting: key, password: password, cost: try Self.cheap.get())
            let text = String(decoding: keystore.json, as: UTF8.self)
            let read = try Keystore(json: keystore.json)
            #expect(read == keystore)
            #expect(try read.decrypt(password: password).exportBytes() == bytes)
            #expect(!text.contains(Hex.encode(bytes)))
            #expect(!text.contains(password))
        }
    }

    @Test func `the async twins do the same on a thread of their own`() async throws {
        let keystore = try await Keystore.encrypted(key, password: "pass", cost: try Self.cheap.get())
        #expect(try await keystore.decrypted(password: "pass").exportBytes() == key.exportBytes())
        await #expect(throws: KeystoreError.wrongPassword) { try await keystore.decrypted(password: "wrong") }
    }

    @Test func `the standard cost is what a caller gets who names none`() throws {
        let keystore = try Keystore(encrypting: key, password: "pass")
        guard case .scrypt(let cost, _) = keystore.derivation else {
            Issue.record("\(keystore.derivation)")
            return
        }
        #expect(cost == .standard)
        #expect((cost.n, cost.r, cost.p) == (131_072, 8, 1))
        #expect((ScryptCost.light.n, ScryptCost.light.r, ScryptCost.light.p) == (4_096, 8, 6))
        #expect(ScryptCost.standard.memory >> 20 == 128)
    }

    private static func flipped(_ word: Bytes32, _ bit: Int) throws -> Bytes32 {
        var bytes = word.bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return try #require(Bytes32(bytes))
    }
}

extension Keystore {
    fileprivate func with(ciphertext: Bytes32? = nil, mac: Bytes32? = nil, iv: [UInt8]? = nil) -> Keystore {
        Keystore(
            id: id, address: address, derivation: derivation, iv: iv ?? self.iv,
            ciphertext: ciphertext ?? self.ciphertext, mac: mac ?? self.mac)
    }

    fileprivate func with(address: Address?) -> Keystore {
        Keystore(id: id, address: address, derivation: derivation, iv: iv, ciphertext: ciphertext, mac: mac)
    }
}
