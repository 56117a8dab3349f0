import Foundation
import Payer
import Primitives

/// The folder of the service's key files. Which of them signs is said by the log and not by a file's name: a new key's
/// file is put beside the old one's before an act rotates to it, so that a crash at any moment leaves the right one there.
struct KeyFolder: Sendable {
    let path: String

    /// No file of the folder holds a key.
    struct Missing: Error, CustomStringConvertible {
        let address: Address
        let path: String

        var description: String {
            "No key file in \(path) holds the log key \(address.checksummed) that this database's log is signed with; "
                + "restore the right key file or choose the right database."
        }
    }

    /// The key of an address, from whichever file holds it.
    func key(of address: Address) throws -> SecretKey {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        for name in names.filter({ $0.hasSuffix(".key") }).sorted() {
            // A file that holds no key, or that others may read, is no key of this service.
            guard let key = try? KeyFile.read(path + "/" + name), key.address == address else { continue }
            return key
        }
        throw Missing(address: address, path: path)
    }

    /// Puts a key's file into the folder, where none holds it yet; returns its path.
    func install(_ key: SecretKey, role: String) throws -> String {
        let file = path + "/\(role)-\(key.address.hex).key"
        do {
            try KeyFile.write(key, to: file)
        } catch PrivateFileError.exists {
            guard try KeyFile.read(file).address == key.address else {
                throw OperatorError("\(file) holds another key than its name says; move it away.")
            }
        }
        return file
    }
}
