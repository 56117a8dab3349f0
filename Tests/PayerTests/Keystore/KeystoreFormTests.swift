import Foundation
import Primitives
import Testing

@testable import Payer

@Suite struct KeystoreFormTests {
    private static let scrypt = Result { try KeystoreVectorTests.wallet("a composed password") }
    private static let pbkdf2 = Result { try KeystoreVectorTests.wallet("PBKDF2 with one iteration") }

    private static let members = [
        "id", "version", "crypto", "crypto.cipher", "crypto.cipherparams", "crypto.cipherparams.iv",
        "crypto.ciphertext",
        "crypto.kdf", "crypto.kdfparams", "crypto.kdfparams.dklen", "crypto.kdfparams.salt", "crypto.mac",
    ]
    private static let scryptMembers = ["crypto.kdfparams.n", "crypto.kdfparams.r", "crypto.kdfparams.p"]
    private static let pbkdf2Members = ["crypto.kdfparams.c", "crypto.kdfparams.prf"]

    private static func refusal(_ text: String) -> KeystoreFormError? {
        do throws(KeystoreFormError) {
            _ = try Keystore(json: Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a member that is missing is named, whichever it is`() throws {
        for (text, members) in [
            (try Self.scrypt.get(), Self.members + Self.scryptMembers),
            (try Self.pbkdf2.get(), Self.members + Self.pbkdf2Members),
        ] {
            #expect(Self.refusal(text) == nil)
            for member in members {
                #expect(Self.refusal(try text.removing(member)) == .missing(member: member))
            }
            #expect(Self.refusal(try text.removing("address")) == nil)
        }
        #expect(KeystoreFormError.missing(member: "crypto.mac").description == "crypto.mac is missing")
    }

    @Test func `a member of another type is named, whichever it is`() throws {
        let number = "a whole number below 2^64"
        for member in Self.members + Self.scryptMembers + Self.pbkdf2Members + ["address"] {
            let text = try (Self.pbkdf2Members.contains(member) ? Self.pbkdf2 : Self.scrypt).get()
            let name = try #require(member.split(separator: ".").last)
            let isNumber = ["version", "dklen", "n", "r", "p", "c"].contains(name)
            let isObject = ["crypto", "cipherparams", "kdfparams"].contains(name)
            let rule = isNumber ? number : isObject ? "an object" : "a text"
            for value in [isNumber ? "\"3\"" : "3", isObject ? "\"x\"" : "{}", "[]", "true"] {
                #expect(
                    Self.refusal(try text.setting(member, to: value)) == .malformed(member: member, rule: rule),
                    "\(member): \(value)")
            }
        }
        for value in ["-1", "1.5", "18446744073709551616", "1e400"] {
            for member in ["version", "crypto.kdfparams.n"] {
                #expect(
                    Self.refusal(try Self.scrypt.get().setting(member, to: value))
                        == .malformed(member: member, rule: number), "\(member): \(value)")
            }
        }
    }

    @Test func `null is no value`() throws {
        let text = try Self.scrypt.get()
        #expect(Self.refusal(try text.setting("address", to: "null")) == nil)
        #expect(
            Self.refusal(try text.setting("crypto.kdfparams.n", to: "null")) == .missing(member: "crypto.kdfparams.n"))
        for member in Self.members {
            guard case .malformed(member, _) = Self.refusal(try text.setting(member, to: "null")) else {
                Issue.record("\(member) may be null")
                continue
            }
        }
    }

    @Test(arguments: [
        ("version", "3", ["1", "2", "4", "0"]),
        ("crypto.cipher", "aes-128-ctr", ["\"aes-128-cbc\"", "\"aes-256-ctr\"", "\"AES-128-CTR\"", "\"\""]),
        ("crypto.kdf", "scrypt or pbkdf2", ["\"argon2id\"", "\"Scrypt\"", "\"\""]),
        ("crypto.kdfparams.dklen", "32", ["0", "16", "31", "33", "64"]),
        (
            "id", "a UUID",
            ["\"\"", "\"1\"", "\"3198bc9c66725ab3d9954942343ae5b6\"", "\"3198bc9c-6672-5ab3-d995-4942343ae5bg\""]
        ),
    ])
    func `a member with another value than it must have is named`(
        _ member: String, _ rule: String, _ values: [String]
    ) throws {
        for value in values {
            #expect(
                Self.refusal(try Self.scrypt.get().setting(member, to: value))
                    == .malformed(member: member, rule: rule),
                "\(value)")
        }
    }

    @Test func `another pseudo-random function than HMAC-SHA-256 is refused`() throws {
        for value in ["hmac-sha512", "HMAC-SHA256", ""] {
            #expect(
                Self.refusal(try Self.pbkdf2.get().setting("crypto.kdfparams.prf", to: "\"\(value)\""))
                    == .malformed(member: "crypto.kdfparams.prf", rule: "hmac-sha256"), "\(value)")
        }
    }

    @Test(arguments: [
        ("address", 20...20), ("crypto.cipherparams.iv", 1...16), ("crypto.ciphertext", 32...32),
        ("crypto.mac", 32...32), ("crypto.kdfparams.salt", 1...64),
    ])
    func `hex has its length and nothing but digits`(_ member: String, _ counts: ClosedRange<Int>) throws {
        let text = try Self.scrypt.get()
        let size = counts.count == 1 ? "\(counts.upperBound)" : "\(counts.lowerBound) … \(counts.upperBound)"
        let malformed = KeystoreFormError.malformed(member: member, rule: "hex of \(size) bytes")
        for count in [counts.lowerBound - 1, counts.lowerBound, counts.upperBound, counts.upperBound + 1] {
            let found = Self.refusal(try text.setting(member, to: "\"\(String(repeating: "a7", count: count))\""))
            #expect(found == (counts.contains(count) ? nil : malformed), "\(count) bytes")
        }
        let digits = String(repeating: "a", count: 2 * counts.upperBound)
        for bad in [
            "", "0x", String(digits.dropLast()), digits.dropLast() + "g", " " + digits, digits + " ", "0x0x" + digits,
            "x" + digits, "-" + digits, digits.dropLast() + "\u{ff21}",
        ] {
            #expect(Self.refusal(try text.setting(member, to: "\"\(bad)\"")) == malformed, "\(bad)")
        }
    }

    @Test func `the costs that a file may ask for are bounded`() throws {
        let text = try Self.scrypt.get()
        for n in [0, 1, 3, 1 << 20 - 1, 1 << 20 + 1, 1 << 21] {
            #expect(
                Self.refusal(try text.setting("crypto.kdfparams.n", to: "\(n)"))
                    == .malformed(member: "crypto.kdfparams.n", rule: "a power of two in 2 … 1048576"), "\(n)")
        }
        for member in ["crypto.kdfparams.r", "crypto.kdfparams.p"] {
            #expect(
                Self.refusal(try text.setting(member, to: "0")) == .malformed(member: member, rule: "above 0"))
        }
        let wide = try text.setting("crypto.kdfparams.n", to: "\(1 << 20)")
        #expect(Self.refusal(try wide.setting("crypto.kdfparams.r", to: "4")) == nil)
        #expect(
            Self.refusal(try wide.setting("crypto.kdfparams.r", to: "5"))
                == .malformed(
                    member: "crypto.kdfparams", rule: "affordable: 128 · n · r · p is above 536870912"))
        let slow = try Self.pbkdf2.get()
        for (c, isGood) in [
            (0, false), (1, true), (2, true), (9_999_999, true), (10_000_000, true), (10_000_001, false),
        ] {
            let found = Self.refusal(try slow.setting("crypto.kdfparams.c", to: "\(c)"))
            #expect(
                found == (isGood ? nil : .malformed(member: "crypto.kdfparams.c", rule: "in 1 … 10000000")), "\(c)")
        }
    }

    @Test func `a file has at most 16 KiB`() throws {
        let text = try Self.scrypt.get()
        for (bytes, error) in [
            (16_383, nil), (16_384, nil), (16_385, KeystoreFormError.tooLong(bytes: 16_385)),
        ] {
            #expect(Self.refusal(text + String(repeating: " ", count: bytes - text.utf8.count)) == error, "\(bytes)")
        }
    }

    @Test func `what is no JSON object is refused as such`() throws {
        let text = try Self.scrypt.get()
        let deep = String(repeating: "[", count: 7_000) + String(repeating: "]", count: 7_000)
        for bad in [
            "", " ", "3", "null", "\"x\"", "[]", "[\(text)]", "{", String(text.dropLast()), text + "x", text + text,
            try text.setting("address", to: deep),
        ] {
            #expect(Self.refusal(bad) == .notAnObject, "\(bad.prefix(40))")
        }
        #expect(throws: KeystoreFormError.notAnObject) { try Keystore(json: [0xff, 0xfe, 0x00]) }
    }
}

extension String {
    private func place(of member: String) throws -> Range<String.Index> {
        let name = try #require(member.split(separator: ".").last)
        let place = try #require(range(of: "\"\(name)\":"), "no member \(member)")
        try #require(self[place.upperBound...].range(of: "\"\(name)\":") == nil, "two members \(name)")
        return place
    }

    /// This compact JSON without a member: under another name it is one that nobody knows.
    fileprivate func removing(_ member: String) throws -> String {
        replacingCharacters(in: try place(of: member), with: "\"another\":")
    }

    /// This compact JSON with another value of a member; no text in it may hold brackets or commas.
    fileprivate func setting(_ member: String, to value: String) throws -> String {
        let start = try place(of: member).upperBound
        var depth = 0
        let end = try #require(
            self[start...].indices.first { place in
                if depth == 0 && (self[place] == "," || self[place] == "}") { return true }
                if self[place] == "{" { depth += 1 }
                if self[place] == "}" { depth -= 1 }
                return false
            })
        return replacingCharacters(in: start..<end, with: value)
    }
}
