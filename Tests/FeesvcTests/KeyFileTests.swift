import Foundation
import Payer
import Primitives
import Testing

@testable import feesvc

@Suite struct KeyFileTests {
    private static func withPath(_ body: (String) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "key-file-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder + "/a.key")
    }

    private static func write(_ text: String, to path: String, mode: Int = 0o600) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func `a key is made once and is the same from then on`() async throws {
        try await Self.withPath { path in
            let made = try KeyFile.readOrCreate(path)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text == "0x" + Hex.encode(made.exportBytes()) + "\n")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            #expect(try KeyFile.readOrCreate(path).address == made.address)
            #expect(try KeyFile.read(path).address == made.address)
            #expect(throws: PrivateFileError.exists(path: path)) { try KeyFile.write(made, to: path) }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    @Test func `of many that make it at once all get the same key`() async throws {
        try await Self.withPath { path in
            let addresses = try await withThrowingTaskGroup(of: Address.self) { group in
                for _ in 0..<16 { group.addTask { try KeyFile.readOrCreate(path).address } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(addresses == [try KeyFile.read(path).address])
        }
    }

    @Test func `a key that others may read is neither used nor replaced`() async throws {
        try await Self.withPath { path in
            let text = "0x" + String(repeating: "11", count: 32) + "\n"
            try Self.write(text, to: path, mode: 0o640)
            for act in [KeyFile.read, KeyFile.readOrCreate] {
                #expect(throws: PrivateFileError.shared(path: path, mode: 0o640)) { try act(path) }
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
            try Self.write(" " + text + "\n", to: path)
            #expect(try KeyFile.read(path).exportBytes() == [UInt8](repeating: 0x11, count: 32))
        }
    }

    @Test func `what is no key is refused, and no key is made in its place`() async throws {
        try await Self.withPath { path in
            #expect(throws: PrivateFileError.missing(path: path)) { try KeyFile.read(path) }
            let digits = String(repeating: "1", count: 64)
            for text in [
                "", "0x", digits, "0x" + digits.dropLast(), "0x" + digits + "1", "0x" + "A" + digits.dropLast(),
            ] {
                try Self.write(text, to: path)
                #expect(throws: OperatorError.self, "\(text)") { try KeyFile.readOrCreate(path) }
                #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
            }
        }
    }
}
