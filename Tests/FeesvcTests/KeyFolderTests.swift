import Foundation
import Payer
import Primitives
import Testing

@testable import feesvc

@Suite struct KeyFolderTests {
    private let plain = SecretKey(seed: 1, label: "plain")
    private let hidden = SecretKey(seed: 1, label: "hidden")
    private let nameless = SecretKey(seed: 1, label: "nameless")

    /// Runs `body` with a folder that holds one key of each form: plain, encrypted, and encrypted in a file without address.
    private func withFolder(_ body: (_ path: String, _ passphraseFile: String) async throws -> Void) async throws {
        let path = "/tmp/feesvc-keys-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try PrivateFile(path: path + "/passphrase").create(Array("correct horse\n".utf8))
        try KeyFile.write(plain, to: path + "/a.key")
        for (name, key) in [("b", nameless), ("c", hidden)] {
            var json = String(
                decoding: try Keystore(encrypting: key, password: "correct horse", cost: .light).json, as: UTF8.self)
            if name == "b" { json.replace("\"address\":", with: "\"another\":") }
            try PrivateFile(path: "\(path)/\(name).key").create(Array(json.utf8))
        }
        try await body(path, path + "/passphrase")
    }

    @Test func `an encrypted key is there once it was opened, a plain one at once`() async throws {
        try await withFolder { path, passphraseFile in
            let folder = KeyFolder(path: path, passphraseFile: passphraseFile)
            #expect(try folder.key(of: plain.address).address == plain.address)
            #expect(folder.holds(hidden.address))
            #expect(!folder.holds(nameless.address))
            for key in [hidden, nameless] {
                #expect(throws: KeyFolder.Missing.self) { try folder.key(of: key.address) }
                try await folder.open(key.address, isAttended: false)
                #expect(try folder.key(of: key.address).exportBytes() == key.exportBytes())
            }
            await #expect(throws: KeyFolder.Missing.self) {
                try await folder.open(SecretKey(seed: 1, label: "none").address, isAttended: false)
            }
        }
    }

    @Test func `nobody is asked for a passphrase while the service serves`() async throws {
        try await withFolder { path, _ in
            let folder = KeyFolder(path: path)
            try await folder.open(plain.address, isAttended: false)
            await #expect {
                try await folder.open(hidden.address, isAttended: false)
            } throws: {
                "\($0)".contains("without --passphrase-file")
            }
        }
    }

    @Test func `a key is installed as it lay`() async throws {
        try await withFolder { path, passphraseFile in
            let folder = KeyFolder(path: path, passphraseFile: passphraseFile)
            let new = SecretKey(seed: 1, label: "new")
            let keystore = try Keystore(encrypting: new, password: "correct horse", cost: .light)
            let file = try folder.install(new, as: keystore, role: "log")
            #expect(try PrivateFile(path: file).read(bytesMax: Keystore.bytesMax) == keystore.json)
            #expect(try folder.install(new, as: keystore, role: "log") == file)
            #expect(try folder.install(new, role: "log") == file)
            try await folder.open(new.address, isAttended: false)
            #expect(try folder.key(of: new.address).address == new.address)
        }
    }
}
