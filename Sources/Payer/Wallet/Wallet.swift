import Foundation
public import Primitives

#if canImport(Glibc)
import Glibc
#endif

/// A payer's folder: keys, one state file a channel, envelopes, receipts, evidence. Only its owner may enter it.
///
/// ```
/// feesvc-wallet            what this is
/// lock                     held by the one process that signs
/// keys/0x….json            a key under a password, by its address
/// channels/0x….json        what was signed on a channel and what may be spent
/// envelopes/0x….bin        messages that are paid or about to be, by their hash
/// receipts/0x…/N.json      what proves charge N of a channel
/// evidence/                what a service said that it should not have
/// ```
public struct Wallet: Hashable, Sendable {
    private static let mark = "feesvc wallet, version 1\n"
    private static let folders = ["keys", "channels", "envelopes", "receipts", "evidence"]

    /// Where it is.
    public let path: String

    /// Opens the wallet at `path`.
    public init(path: String) throws(WalletError) {
        self.path = path
        let found = try Self.found(path)
        guard let found else {
            throw access(path, F_OK) == 0 ? .notAWallet(path: path) : .missing(path: path)
        }
        guard found == Self.mark else {
            throw .version(path: path, found: found.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        try Self.checkPrivate(path)
        for folder in Self.folders { try Self.make(path + "/" + folder) }
    }

    /// Opens the wallet at `path`, or makes one where there is nothing or an empty folder.
    public static func openOrMake(path: String) throws(WalletError) -> Wallet {
        if try found(path) != nil { return try Wallet(path: path) }
        try make(path)
        try checkPrivate(path)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard names.isEmpty else { throw .notAWallet(path: path) }
        do {
            try PrivateFile(path: path + "/feesvc-wallet").create(Array(mark.utf8))
        } catch {
            throw .file(error)
        }
        return try Wallet(path: path)
    }

    private static func found(_ path: String) throws(WalletError) -> String? {
        do {
            return String(decoding: try PrivateFile(path: path + "/feesvc-wallet").read(bytesMax: 256), as: UTF8.self)
        } catch {
            switch error {
            case .missing: return nil
            case .unreadable(_, ENOTDIR): return nil
            default: throw .file(error)
            }
        }
    }

    /// Makes a folder that only its owner may enter; one that exists stays.
    static func make(_ path: String) throws(WalletError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system(path: path, code: errno) }
    }

    private static func checkPrivate(_ path: String) throws(WalletError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notAWallet(path: path) }
        guard status.st_mode & 0o077 == 0 else { throw .shared(path: path, mode: UInt32(status.st_mode & 0o777)) }
    }

    /// Keeps other processes out for as long as the lock lives.
    public func lock() throws(WalletError) -> WalletLock { try WalletLock(wallet: path) }

    /// The ids of its channels, ascending.
    public var channels: [Bytes32] {
        get throws(WalletError) {
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: path + "/channels")
            } catch {
                throw .system(path: path + "/channels", code: EACCES)
            }
            return names.filter { $0.hasSuffix(".json") }.compactMap { Bytes32(hex: String($0.dropLast(5))) }.sorted()
        }
    }

    /// The channel whose id is or begins with `name`; the only one there is where `name` is empty.
    public func channel(named name: String) throws(WalletError) -> Bytes32 {
        let found = try channels.filter { $0.hex.hasPrefix(name) || $0.hex.hasPrefix("0x" + name) }
        guard let first = found.first else {
            throw .unknownChannel(path: path, name: name)
        }
        guard found.count == 1 else { throw .ambiguous(path: path, name: name, count: found.count) }
        return first
    }

    /// The state file of a channel.
    public func recordFile(_ channel: Bytes32) -> ChannelRecordFile {
        ChannelRecordFile(file: PrivateFile(path: "\(path)/channels/\(channel.hex).json"))
    }

    /// The key file of an address.
    public func keyFile(_ address: Address) -> KeystoreFile {
        KeystoreFile(path: "\(path)/keys/\(address.hex).json")
    }

    /// The key of an address, encrypted as it is on the disk.
    public func keystore(_ address: Address) throws(WalletError) -> Keystore {
        do {
            return try keyFile(address).read()
        } catch .file(.missing) {
            throw .noKey(path: path, address: address)
        } catch {
            throw .keystore(error)
        }
    }

    /// The addresses of its keys, ascending.
    public var addresses: [Address] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/keys")) ?? []
        return names.filter { $0.hasSuffix(".json") }.compactMap { Address(hex: String($0.dropLast(5))) }.sorted()
    }
}

/// A channel's state on the disk.
public struct ChannelRecordFile: Hashable, Sendable {
    private let file: PrivateFile

    init(file: PrivateFile) {
        self.file = file
    }

    /// Where it is.
    public var path: String { file.path }

    /// Reads it; `nil` where there is none.
    public func read() throws(WalletError) -> ChannelRecord? {
        let json: [UInt8]
        do {
            json = try file.read(bytesMax: ChannelRecord.bytesMax)
        } catch .missing {
            return nil
        } catch {
            throw .file(error)
        }
        do {
            return try ChannelRecord(json: json)
        } catch {
            throw .record(path: file.path, error)
        }
    }

    /// Writes a state in the place of the one before and returns when it is on the disk. One that forgets what the other
    /// signed is refused.
    public func replace(_ record: ChannelRecord) throws(WalletError) {
        if let known = try read() {
            guard known.isContinued(by: record) else { throw .backwards(channel: record.channelID) }
        }
        do {
            try file.replace(record.json)
        } catch {
            throw .file(error)
        }
    }
}
