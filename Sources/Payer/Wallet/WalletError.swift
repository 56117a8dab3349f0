import Foundation
public import Primitives

/// Why a wallet can't be used.
public enum WalletError: Error, Sendable, CustomStringConvertible {
    /// There is no wallet at this path.
    case missing(path: String)
    /// The folder holds something else.
    case notAWallet(path: String)
    /// Another version of this program made it.
    case version(path: String, found: String)
    /// Group or others may enter it.
    case shared(path: String, mode: UInt32)
    /// The system refused, with this `errno`.
    case system(path: String, code: Int32)
    /// Another process uses it.
    case busy(path: String)
    /// One of its files.
    case file(PrivateFileError)
    /// A channel's file is not believed.
    case record(path: String, ChannelRecordError)
    /// It holds no channel of this id or prefix.
    case unknownChannel(path: String, name: String)
    /// Several of its channels begin like this, or none was named and it holds several.
    case ambiguous(path: String, name: String, count: Int)
    /// It holds no key of this address.
    case noKey(path: String, address: Address)
    /// A key's file.
    case keystore(KeystoreFileError)
    /// What was signed would be forgotten: never written.
    case backwards(channel: Bytes32)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .missing(let path): "There is no wallet at \(path); feesvc channel open makes one, --wallet names another."
        case .notAWallet(let path): "\(path) is not empty and holds no wallet; name another folder with --wallet."
        case .version(let path, let found):
            "\(path) holds \(found), which this program can't read; use the one that made it."
        case .shared(let path, let mode):
            "\(path) is open to others than its owner (mode 0\(String(mode, radix: 8))); run chmod 700 \(path)."
        case .system(let path, let code): "\(path) can't be used: \(String(cString: strerror(code)))."
        case .busy(let path): "Another process uses the wallet \(path); wait until it is done."
        case .file(let error): error.description
        case .record(let path, let error):
            "\(path) can't be used: \(error). Restore it from a backup, or move it away and run feesvc channel open --resume."
        case .unknownChannel(let path, let name):
            name.isEmpty
                ? "The wallet \(path) holds no channel; feesvc channel open makes one."
                : "The wallet \(path) holds no channel \(name); feesvc channel list shows those that it holds."
        case .ambiguous(let path, let name, let count):
            name.isEmpty
                ? "The wallet \(path) holds \(count) channels; say which one, by its id or the beginning of it."
                : "\(count) channels of the wallet \(path) begin with \(name); name more of the id."
        case .noKey(let path, let address): "The wallet \(path) holds no key of \(address)."
        case .keystore(let error): error.description
        case .backwards(let channel): "A state of channel \(channel) that forgets what was signed was not written."
        }
    }
}
