import Foundation
import Logging
import Payer
import Primitives

/// A secret key in a file of its owner's, mode 0600: encrypted (Web3 Secret Storage, version 3), or `0x` and 64 hex digits.
enum KeyFile {
    /// What a key file holds before anybody was asked for a passphrase.
    enum Content: Sendable {
        case plain(SecretKey)
        case encrypted(Keystore)

        /// The key's address; of an encrypted key the one that the file states, which only opening it proves.
        var address: Address? {
            switch self {
            case .plain(let key): key.address
            case .encrypted(let keystore): keystore.address
            }
        }
    }

    /// Reads a key file of either form. Refuses a file that others than its owner may use.
    static func content(_ path: String) throws -> Content {
        let bytes = try PrivateFile(path: path).read(bytesMax: Keystore.bytesMax)
        guard bytes.first(where: { !$0.isBlank }) == UInt8(ascii: "{") else { return .plain(try key(bytes, path)) }
        do {
            return .encrypted(try Keystore(json: bytes))
        } catch {
            throw KeystoreFileError.form(path: path, error)
        }
    }

    /// Reads a key of either form; the passphrase of an encrypted one is in a file, or asked for.
    static func read(_ path: String, passphraseFile: String?) async throws -> SecretKey {
        switch try content(path) {
        case .plain(let key): return key
        case .encrypted(let keystore):
            return try await open(keystore, path, try Passphrase.read(file: passphraseFile, for: "of \(path)"))
        }
    }

    /// Opens what ``content(_:)`` has read from `path`.
    static func open(_ keystore: Keystore, _ path: String, _ passphrase: String) async throws -> SecretKey {
        do {
            return try await keystore.decrypted(password: passphrase)
        } catch {
            throw OperatorError("\(path) was not opened: \(error)")
        }
    }

    /// Reads a key that is not encrypted; for keys that this program has made so itself.
    static func readPlain(_ path: String) throws -> SecretKey {
        guard case .plain(let key) = try content(path) else { throw OperatorError("\(path) is encrypted.") }
        return key
    }

    /// Reads a key, or makes one and writes it: under the passphrase where there is a file of it, plain otherwise.
    static func readOrCreate(_ path: String, passphraseFile: String?, logger: Logger) async throws -> SecretKey {
        do {
            return try await read(path, passphraseFile: passphraseFile)
        } catch PrivateFileError.missing(path) {
            do {
                return try await create(path, passphraseFile: passphraseFile, logger: logger)
            } catch PrivateFileError.exists {
                // Another process was faster: its key counts.
                return try await read(path, passphraseFile: passphraseFile)
            }
        }
    }

    private static func create(_ path: String, passphraseFile: String?, logger: Logger) async throws -> SecretKey {
        let key = random()
        var logger = logger
        logger[metadataKey: "key.file"] = "\(path)"
        logger[metadataKey: "key.address"] = "\(key.address)"
        if let passphraseFile {
            let passphrase = try Passphrase.read(file: passphraseFile, for: "of \(path)")
            try await write(key, to: path, passphrase: passphrase)
            logger.info("key made, encrypted")
        } else {
            try write(key, to: path)
            logger.info("key made, not encrypted: who can read its file can use it (feesvc key encrypt)")
        }
        return key
    }

    /// Writes a key as it is to a new file; one that exists is never overwritten.
    static func write(_ key: SecretKey, to path: String) throws {
        try PrivateFile(path: path).create(Array(("0x" + Hex.encode(key.exportBytes()) + "\n").utf8))
    }

    /// Writes a key under a passphrase to a new file; one that exists is never overwritten.
    static func write(
        _ key: SecretKey, to path: String, passphrase: String, cost: ScryptCost = .standard
    ) async throws {
        let keystore = try await Keystore.encrypted(key, password: passphrase, cost: cost)
        try PrivateFile(path: path).create(keystore.json)
    }

    private static func key(_ bytes: [UInt8], _ path: String) throws -> SecretKey {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let bytes = Hex.decode(text.trimmingCharacters(in: .whitespacesAndNewlines)), let key = SecretKey(bytes)
        else {
            throw OperatorError(
                "\(path) holds no secret key: it should hold 0x and 64 lower-case hex digits, or an encrypted key's JSON."
            )
        }
        return key
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

extension UInt8 {
    /// White space of JSON.
    fileprivate var isBlank: Bool { [0x20, 0x09, 0x0a, 0x0d].contains(self) }
}
