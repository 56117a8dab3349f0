import Foundation
import Payer
import Primitives

/// Finds, takes or makes the key that a new channel is opened with.
struct WalletKeys {
    let wallet: Wallet
    let passphraseFile: String?
    let cost: ScryptCost

    /// The key in `file`, which the wallet then holds too; or the wallet's key of `address`; or the only one that it
    /// holds; or a new one.
    func choose(address: Address?, file: String?, passphraseFile other: String?) async throws -> SecretKey {
        if let file {
            let key = try await KeyFile.read(file, passphraseFile: other ?? passphraseFile)
            if let address, address != key.address {
                throw OperatorError(
                    "\(file) holds the key of \(key.address.checksummed), not of \(address.checksummed).")
            }
            return try await keep(key)
        }
        let known = wallet.addresses
        if let address { return try await open(address) }
        if known.count > 1 {
            throw OperatorError(
                "The wallet holds \(known.count) keys; say with --address which one: "
                    + known.map(\.checksummed).joined(separator: ", ") + ".")
        }
        if let only = known.first { return try await open(only) }
        return try await keep(KeyFile.random())
    }

    private func open(_ address: Address) async throws -> SecretKey {
        let keystore = try wallet.keystore(address)
        let passphrase = try Passphrase.read(file: passphraseFile, for: "of \(address.checksummed)")
        return try await keystore.decrypted(password: passphrase)
    }

    /// Encrypts a key into the wallet; one that it holds already stays as it is.
    private func keep(_ key: SecretKey) async throws -> SecretKey {
        let isNew = !wallet.addresses.contains(key.address)
        guard isNew else { return try await open(key.address) }
        let passphrase = try Passphrase.read(
            file: passphraseFile, for: "for the new key \(key.address.checksummed)", isNew: true)
        try wallet.keyFile(key.address).create(
            try await Keystore.encrypted(key, password: passphrase, cost: cost))
        return key
    }
}
