import Foundation
import Payer
import Primitives
import Synchronization

/// The folder of the service's key files. Which of them signs is said by the log and not by a file's name: a new key's
/// file is put beside the old one's before an act rotates to it, so that a crash at any moment leaves the right one there.
struct KeyFolder: Sendable {
    let path: String
    /// The file of the passphrase that opens encrypted keys; without one a person at the terminal is asked.
    let passphraseFile: String?
    private let opened = OpenedKeys()

    init(path: String, passphraseFile: String? = nil) {
        self.path = path
        self.passphraseFile = passphraseFile
    }

    /// No file of the folder holds a key.
    struct Missing: Error, CustomStringConvertible {
        let address: Address
        let path: String

        var description: String {
            "No key file in \(path) holds the log key \(address.checksummed) that this database's log is signed with; "
                + "restore the right key file or choose the right database."
        }
    }

    /// The key of an address: one that was opened before, or from whichever file holds it plain.
    func key(of address: Address) throws -> SecretKey {
        if let key = opened[address] { return key }
        for case (_, .plain(let key)) in files where key.address == address { return key }
        throw Missing(address: address, path: path)
    }

    /// Whether a file of the folder holds the key of an address, as far as it can be told without a passphrase.
    func holds(_ address: Address) -> Bool {
        opened[address] != nil || files.contains { $0.content.address == address }
    }

    /// Opens the key of an address, so that ``key(of:)`` has it.
    ///
    /// Takes about half a second of a thread of its own where the file is encrypted. `isAttended` says that somebody may be
    /// at the terminal to ask: at the start, and not once the service serves.
    func open(_ address: Address, isAttended: Bool) async throws {
        guard (try? key(of: address)) == nil else { return }
        // A file without an address may hold any key: those come last.
        let files = files.filter { $0.content.address == address } + files.filter { $0.content.address == nil }
        for case (let file, .encrypted(let keystore)) in files {
            guard isAttended || passphraseFile != nil else {
                throw OperatorError("\(file) is encrypted, and the service was started without --passphrase-file.")
            }
            let passphrase = try Passphrase.read(file: passphraseFile, for: "of \(file)")
            let key = try await KeyFile.open(keystore, file, passphrase)
            opened.keep(key)
            if key.address == address { return }
        }
        throw Missing(address: address, path: path)
    }

    /// Every file that holds a key: one that holds none, or that others may read, is no key of this service.
    private var files: [(path: String, content: KeyFile.Content)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        return names.filter { $0.hasSuffix(".key") }.sorted().compactMap { name in
            let file = path + "/" + name
            return (try? KeyFile.content(file)).map { (file, $0) }
        }
    }

    /// Puts a key's file into the folder, where none holds it yet; returns its path. `keystore` is the key as it is
    /// encrypted: so it stays.
    func install(_ key: SecretKey, as keystore: Keystore? = nil, role: String) throws -> String {
        let file = path + "/\(role)-\(key.address.hex).key"
        do {
            if let keystore {
                try PrivateFile(path: file).create(keystore.json)
            } else {
                try KeyFile.write(key, to: file)
            }
        } catch PrivateFileError.exists {
            guard try KeyFile.content(file).address == key.address else {
                throw OperatorError("\(file) holds another key than its name says; move it away.")
            }
        }
        return file
    }
}

/// Keys that were decrypted since the process began.
private final class OpenedKeys: Sendable {
    private let keys = Mutex<[Address: SecretKey]>([:])

    subscript(address: Address) -> SecretKey? { keys.withLock { $0[address] } }

    func keep(_ key: SecretKey) { keys.withLock { $0[key.address] = key } }
}
