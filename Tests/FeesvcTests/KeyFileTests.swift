import Foundation
import Logging
import Payer
import Primitives
import Testing

@testable import feesvc

@Suite struct KeyFileTests {
    private static let passphrase = "correct horse"
    private let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with the path of a key file, and of one that holds ``passphrase``.
    private static func withPath(_ body: (_ path: String, _ passphraseFile: String) async throws -> Void) async throws {
        let folder = "/tmp/feesvc-key-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write(passphrase + "\n", to: folder + "/passphrase")
        try await body(folder + "/a.key", folder + "/passphrase")
    }

    private static func write(_ text: String, to path: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private func readOrCreate(_ path: String, _ passphraseFile: String? = nil) async throws -> SecretKey {
        try await KeyFile.readOrCreate(path, passphraseFile: passphraseFile, logger: silent)
    }

    @Test func `a key is made once, plain, and is the same from then on`() async throws {
        try await Self.withPath { path, passphraseFile in
            let made = try await readOrCreate(path)
            let text = try Self.text(path)
            #expect(text == "0x" + Hex.encode(made.exportBytes()) + "\n")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            #expect(try await readOrCreate(path).address == made.address)
            // A passphrase does not encrypt what is there, and is not needed to read it.
            #expect(try await readOrCreate(path, passphraseFile).address == made.address)
            #expect(try KeyFile.readPlain(path).address == made.address)
            #expect(throws: PrivateFileError.exists(path: path)) { try KeyFile.write(made, to: path) }
            #expect(try Self.text(path) == text)
        }
    }

    @Test func `with a passphrase it is made encrypted, and opens with that alone`() async throws {
        try await Self.withPath { path, passphraseFile in
            let made = try await readOrCreate(path, passphraseFile)
            #expect(!(try Self.text(path)).contains(Hex.encode(made.exportBytes())))
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            #expect(try KeyFile.content(path).address == made.address)
            #expect(try await readOrCreate(path, passphraseFile).address == made.address)
            #expect(try await KeyFile.read(path, passphraseFile: passphraseFile).exportBytes() == made.exportBytes())
            #expect(throws: OperatorError.self) { try KeyFile.readPlain(path) }
            try Self.write("wrong horse\n", to: passphraseFile)
            let text = try Self.text(path)
            await #expect {
                try await readOrCreate(path, passphraseFile)
            } throws: {
                "\($0)".contains("\(path) was not opened") && !"\($0)".contains("horse")
            }
            #expect(try Self.text(path) == text)
        }
    }

    @Test func `a passphrase file that others may read is not used`() async throws {
        try await Self.withPath { path, passphraseFile in
            chmod(passphraseFile, 0o640)
            await #expect(throws: PrivateFileError.shared(path: passphraseFile, mode: 0o640)) {
                try await readOrCreate(path, passphraseFile)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `of many that make it at once all get the same key`() async throws {
        try await Self.withPath { path, _ in
            let addresses = try await withThrowingTaskGroup(of: Address.self) { group in
                for _ in 0..<16 { group.addTask { try await readOrCreate(path).address } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(addresses == [try KeyFile.readPlain(path).address])
        }
    }

    @Test func `a key that others may read is neither used nor replaced, encrypted or not`() async throws {
        try await Self.withPath { path, passphraseFile in
            let key = try #require(SecretKey([UInt8](repeating: 0x11, count: 32)))
            let plain = "0x" + Hex.encode(key.exportBytes()) + "\n"
            let encrypted = try Keystore(encrypting: key, password: Self.passphrase, cost: .light).json
            for text in [plain, String(decoding: encrypted, as: UTF8.self)] {
                try Self.write(text, to: path, mode: 0o640)
                await #expect(throws: PrivateFileError.shared(path: path, mode: 0o640)) {
                    try await KeyFile.read(path, passphraseFile: passphraseFile)
                }
                await #expect(throws: PrivateFileError.shared(path: path, mode: 0o640)) {
                    try await readOrCreate(path, passphraseFile)
                }
                #expect(try Self.text(path) == text)
                try Self.write(" " + text + "\n", to: path)
                #expect(
                    try await KeyFile.read(path, passphraseFile: passphraseFile).exportBytes() == key.exportBytes())
            }
        }
    }

    @Test func `what is no key is refused, and no key is made in its place`() async throws {
        try await Self.withPath { path, passphraseFile in
            await #expect(throws: PrivateFileError.missing(path: path)) {
                try await KeyFile.read(path, passphraseFile: nil)
            }
            let digits = String(repeating: "1", count: 64)
            for text in [
                "", "0x", digits, "0x" + digits.dropLast(), "0x" + digits + "1", "0x" + "A" + digits.dropLast(),
            ] {
                try Self.write(text, to: path)
                await #expect(throws: OperatorError.self, "\(text)") { try await readOrCreate(path, passphraseFile) }
                #expect(try Self.text(path) == text)
            }
            for text in ["{", "{}", "{\"version\":1}"] {
                try Self.write(text, to: path)
                await #expect(throws: KeystoreFileError.self, "\(text)") {
                    try await readOrCreate(path, passphraseFile)
                }
                #expect(try Self.text(path) == text)
            }
        }
    }
}
