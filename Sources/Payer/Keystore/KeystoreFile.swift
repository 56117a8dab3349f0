/// Why a keystore file was not read or not made.
public enum KeystoreFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    case file(PrivateFileError)
    /// Its content.
    case form(path: String, KeystoreFormError)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .form(let path, let error): "\(path) is no encrypted key file of version 3: \(error)."
        }
    }
}

/// An encrypted key in a file, under the rules of ``PrivateFile``.
///
/// The mode counts although the key is encrypted: who has the file can guess passwords without end.
public struct KeystoreFile: Hashable, Sendable {
    private let file: PrivateFile

    /// Names a file; nothing is opened yet.
    public init(path: String) {
        file = PrivateFile(path: path)
    }

    /// Reads it; the key stays encrypted.
    public func read() throws(KeystoreFileError) -> Keystore {
        let json: [UInt8]
        do {
            json = try file.read(bytesMax: Keystore.bytesMax)
        } catch {
            throw .file(error)
        }
        do {
            return try Keystore(json: json)
        } catch {
            throw .form(path: file.path, error)
        }
    }

    /// Makes the file; what has its name already stays.
    public func create(_ keystore: Keystore) throws(KeystoreFileError) {
        do {
            try file.create(keystore.json)
        } catch {
            throw .file(error)
        }
    }
}
