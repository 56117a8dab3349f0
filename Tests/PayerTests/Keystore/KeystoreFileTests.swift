import Foundation
import Payer
import Primitives
import Testing

@Suite struct KeystoreFileTests {
    private let key = SecretKey(seed: 3, label: "payer")

    private func keystore(_ key: SecretKey) throws -> Keystore {
        try Keystore(encrypting: key, password: "pass", cost: try ScryptCost(n: 2, r: 1, p: 1))
    }

    private func refusal(_ path: String) -> KeystoreFileError? {
        do throws(KeystoreFileError) {
            _ = try KeystoreFile(path: path).read()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a key goes to the disk encrypted and comes back`() async throws {
        try await TestFolder.with { folder in
            let file = KeystoreFile(path: folder("payer.json"))
            let written = try Keystore(encrypting: key, password: "correct horse", cost: .light)
            try file.create(written)
            #expect(try folder.mode("payer.json") == 0o600)
            #expect(!(try folder.text("payer.json")).contains(Hex.encode(key.exportBytes())))
            let read = try file.read()
            #expect(read == written)
            #expect(read.address == key.address)
            let opened = try await read.decrypted(password: "correct horse")
            let digest = SHA256.hash([1])
            #expect(opened.sign(digest) == key.sign(digest))
            #expect(throws: KeystoreError.wrongPassword) { try read.decrypt(password: "wrong horse") }
        }
    }

    @Test func `another key does not take its place`() async throws {
        try await TestFolder.with { folder in
            let file = KeystoreFile(path: folder("payer.json"))
            try file.create(try keystore(key))
            let text = try folder.text("payer.json")
            #expect(throws: KeystoreFileError.file(.exists(path: folder("payer.json")))) {
                try file.create(try keystore(SecretKey(seed: 4, label: "payer")))
            }
            #expect(try folder.text("payer.json") == text)
            #expect(try folder.names == ["payer.json"])
        }
    }

    @Test func `mode, size and form are told apart, each with the file's name`() async throws {
        try await TestFolder.with { folder in
            let text = String(decoding: try keystore(key).json, as: UTF8.self)
            let padding = String(repeating: " ", count: Keystore.bytesMax - text.utf8.count)
            for (name, text, mode, error) in [
                ("good", text, 0o600, nil),
                ("longest", text + padding, 0o600, nil),
                (
                    "long", text + padding + " ", 0o600,
                    .file(.tooLong(path: folder("long"), bytesMax: Keystore.bytesMax))
                ),
                ("open", text, 0o604, .file(.shared(path: folder("open"), mode: 0o604))),
                ("empty", "", 0o600, .form(path: folder("empty"), .notAnObject)),
                (
                    "version", "{\"version\":1}", 0o600,
                    .form(path: folder("version"), .malformed(member: "version", rule: "3"))
                ),
            ] as [(String, String, Int, KeystoreFileError?)] {
                try folder.write(text, to: name, mode: mode)
                let found = refusal(folder(name))
                #expect(found == error, "\(name)")
                if let found { #expect(found.description.contains(folder(name))) }
            }
            #expect(refusal(folder("none")) == .file(.missing(path: folder("none"))))
        }
    }
}
