import ArgumentParser
import Foundation
import Payer
import Primitives

/// Options of every command that works with a wallet.
struct WalletOptions: ParsableArguments {
    @Option(help: "The wallet: a folder with keys, channels and receipts that only its owner may enter.")
    var wallet = "./feesvc-wallet"
    @Option(help: "A file (mode 0600) with the passphrase of the wallet's keys in one line; default: asked for.")
    var passphraseFile: String?
    @Option(help: "Seconds to wait for another process that uses the wallet.")
    var waitSeconds: UInt = 10
    @Flag(help: "Print JSON.")
    var json = false

    /// Takes the wallet's lock, waiting for its turn.
    func lock(_ wallet: Wallet) async throws -> WalletLock {
        let end = ContinuousClock.now + .seconds(Int64(min(waitSeconds, 86_400)))
        while true {
            do {
                return try wallet.lock()
            } catch {
                guard case .busy = error, ContinuousClock.now < end else { throw error }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Opens one of the wallet's keys.
    func key(_ address: Address, in wallet: Wallet, passphrase: String? = nil) async throws -> SecretKey {
        let keystore = try wallet.keystore(address)
        let passphrase = try passphrase ?? Passphrase.read(file: passphraseFile, for: "of \(address.checksummed)")
        return try await keystore.decrypted(password: passphrase)
    }
}

/// Options of every command about one channel.
struct ChannelOptions: ParsableArguments {
    @OptionGroup var wallet: WalletOptions
    @Option(help: "The fee service; default: where the channel was opened.")
    var service: String?

    /// What `service` may be: no slash at the end.
    static func checked(_ url: String) throws -> String {
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
            throw OperatorError("--service is \(url); it is http://host:port or https://host:port.")
        }
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }
}

/// How much work it costs to try a passphrase.
enum KeyCost: String, ExpressibleByArgument, CaseIterable {
    case standard
    case light

    var scrypt: ScryptCost { self == .standard ? .standard : .light }
}

extension UInt64 {
    /// The system's time in whole Unix seconds.
    static var now: UInt64 { UInt64(Swift.max(0, Date().timeIntervalSince1970)) }
}
