import Foundation

/// Why a private file was not read or not made.
public enum PrivateFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no such file.
    case missing(path: String)
    /// A folder, device, pipe or socket.
    case notRegular(path: String)
    /// Group or others may read, write or execute it; `mode` holds the nine permission bits.
    case shared(path: String, mode: UInt32)
    /// It has more bytes than the reader takes.
    case tooLong(path: String, bytesMax: Int)
    /// Something has the name already, a link that leads nowhere included; it was left as it is.
    case exists(path: String)
    /// The system refused to read it, with this `errno`.
    case unreadable(path: String, code: Int32)
    /// The system refused to write it, with this `errno`; there is no such file afterwards.
    case unwritable(path: String, code: Int32)
    /// The file was written, but not its folder's entry: it may be gone after a power failure.
    case notDurable(path: String, code: Int32)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .missing(let path): "There is no file \(path); create it with mode 0600."
        case .notRegular(let path): "\(path) is no regular file."
        case .shared(let path, let mode):
            "\(path) is open to others than its owner (mode 0\(String(mode, radix: 8))); run chmod 600 \(path)."
        case .tooLong(let path, let bytesMax): "\(path) has more than \(bytesMax) bytes, so it is no key file."
        case .exists(let path): "\(path) exists already and was left as it is; choose another name."
        case .unreadable(let path, let code): "\(path) can't be read: \(Self.reason(code))."
        case .unwritable(let path, let code): "\(path) can't be written: \(Self.reason(code))."
        case .notDurable(let path, let code): "\(path) was written, but may not survive a crash: \(Self.reason(code))."
        }
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
