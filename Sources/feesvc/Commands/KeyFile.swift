import Foundation
import Primitives

/// A secret key in a file of its owner's: `0x` and 64 hex digits, mode 0600.
enum KeyFile {
    /// Reads a key.
    static func read(_ path: String) throws -> SecretKey {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw OperatorError("The key file \(path) can't be read; create it with mode 0600.")
        }
        guard let bytes = Hex.decode(text.trimmingCharacters(in: .whitespacesAndNewlines)), let key = SecretKey(bytes)
        else { throw OperatorError("\(path) holds no secret key: it should hold 0x and 64 lower-case hex digits.") }
        return key
    }

    /// Reads a key, or makes one and writes it.
    static func readOrCreate(_ path: String) throws -> SecretKey {
        if FileManager.default.fileExists(atPath: path) { return try read(path) }
        var generator = SystemRandomNumberGenerator()
        while true {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
            guard let key = SecretKey(bytes) else { continue }
            try write(key, to: path)
            return key
        }
    }

    /// Writes a key to a new file.
    static func write(_ key: SecretKey, to path: String) throws {
        let text = "0x" + Hex.encode(key.exportBytes()) + "\n"
        let isMade = FileManager.default.createFile(
            atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        guard isMade else { throw OperatorError("The key file \(path) can't be written.") }
    }
}
