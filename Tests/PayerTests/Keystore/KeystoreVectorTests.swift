import Foundation
import Primitives
import Testing

@testable import Payer

@Suite struct KeystoreVectorTests {
    private static func expectOpens(_ cases: [Vector]) throws {
        for one in cases {
            let keystore = try Keystore(json: Array(try one["file"].text.utf8))
            let key = try keystore.decrypt(password: try one["password"].text)
            #expect(key.exportBytes() == (try one["key"].bytes), "\(one.title)")
            #expect(key.address == (try one["address"].address), "\(one.title)")
        }
    }

    @Test func `both files of the definition open with its password`() throws {
        let files = try Vector.file(.keystore)["definition"].list
        #expect(files.count == 2)
        try Self.expectOpens(files)
    }

    @Test func `files that wallets write open, in all their variety`() throws {
        let files = try Vector.file(.keystore)["wallets"].list
        #expect(files.count == 26)
        try Self.expectOpens(files)
    }

    @Test func `the same arguments give the file that Python gives, byte for byte`() throws {
        let files = try Vector.file(.keystore)["written"].list
        #expect(files.count == 3)
        for one in files {
            let keystore = try Keystore(
                encrypting: try one["key"].secret, password: try one["password"].text, salt: try one["salt"].word,
                iv: try one["iv"].bytes, id: try #require(UUID(uuidString: try one["id"].text)),
                cost: try ScryptCost(n: try one["n"].u64, r: try one["r"].u64, p: try one["p"].u64))
            #expect(String(decoding: keystore.json, as: UTF8.self) == (try one["file"].text), "\(one.title)")
            #expect(try Keystore(json: keystore.json) == keystore, "\(one.title)")
        }
    }

    @Test func `a file of PBKDF2 is written as it was read`() throws {
        let text = try Self.wallet("PBKDF2 with one iteration")
        #expect(String(decoding: try Keystore(json: Array(text.utf8)).json, as: UTF8.self) == text)
    }

    @Test func `an encrypted zero and an encrypted group order are no keys`() throws {
        let files = try Vector.file(.keystore)["deceptive"].list
        #expect(files.count == 2)
        for one in files {
            let keystore = try Keystore(json: Array(try one["file"].text.utf8))
            #expect(throws: KeystoreError.notAKey, "\(one.title)") {
                try keystore.decrypt(password: try one["password"].text)
            }
        }
    }

    @Test func `scrypt with r = 1 is that of RFC 7914`() throws {
        let cases = try Vector.file(.keystore)["narrowScrypt"].list
        #expect(cases.count == 5)
        for one in cases {
            let cost = try ScryptCost(n: try one["n"].u64, r: 1, p: try one["p"].u64)
            let key = try NarrowScrypt.derive(
                password: Array(try one["password"].text.utf8), salt: try one["salt"].bytes, cost: cost)
            #expect(key == (try one["key"].bytes), "n \(cost.n), p \(cost.p)")
        }
    }

    @Test func `libcrypto gets what it takes, the rest is mixed here`() throws {
        #expect(!NarrowScrypt.isNeeded(for: try ScryptCost(n: 32_768, r: 1, p: 8)))
        #expect(NarrowScrypt.isNeeded(for: try ScryptCost(n: 65_536, r: 1, p: 1)))
        #expect(NarrowScrypt.isNeeded(for: try ScryptCost(n: 1 << 20, r: 1, p: 1)))
        #expect(!NarrowScrypt.isNeeded(for: try ScryptCost(n: 1 << 20, r: 2, p: 1)))
    }

    /// The text of the file that a wallet wrote.
    static func wallet(_ name: String) throws -> String {
        let files = try Vector.file(.keystore)["wallets"].list
        return try #require(files.first { $0.title == name })["file"].text
    }
}
