import Foundation
import Payer
import Primitives

/// A secret key in a file of its owner's: `0x` and 64 hex digits, mode 0600.
enum KeyFile {
    /// Ample room for white space around a key.
    private static let bytesMax = 1_024

    /// Reads a key. Refuses a file that others than its owner may use.
    static func read(_ path: String) throws -> SecretKey {
        let text = String(decoding: try PrivateFile(path: path).read(bytesMax: bytesMax), as: UTF8.self)
        guard let bytes = Hex.decode(text.trimmingCharacters(in: .whitespacesAndNewlines)), let key = SecretKey(bytes)
        else { throw OperatorError("\(path) holds no secret key: it should hold 0x and 64 lower-case hex digits.") }
        return key
    }

    /// Reads a key, or makes one and writes it.
    static func readOrCreate(_ path: String) throws -> SecretKey {
        do {
            return try read(path)
        } catch PrivateFileError.missing {
            let key = random()
            do {
                try write(key, to: path)
                return key
            } catch PrivateFileError.exists {
                return try read(path)  // Another process was faster: its key counts.
            }
        }
    }

    /// Writes a key to a new file; one that exists is never overwritten.
    static func write(_ key: SecretKey, to path: String) throws {
        try PrivateFile(path: path).create(Array(("0x" + Hex.encode(key.exportBytes()) + "\n").utf8))
    }

    /// A new key from the system's generator.
    static func random() -> SecretKey {
        var generator = SystemRandomNumberGenerator()
        while true {
            let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if let key = SecretKey(bytes) { return key }
        }
    }
}
