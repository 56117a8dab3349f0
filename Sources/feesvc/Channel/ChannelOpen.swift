import ArgumentParser
import AsyncHTTPClient
import Channels
import Foundation
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel open`.
    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open a channel, or take up one that exists.",
            discussion: """
                Makes the wallet where there is none, and in it a key under a passphrase (Web3 Secret Storage, version 3) \
                where it holds none. The channel's id goes to standard output. It takes vouchers once its deposit is \
                confirmed: feesvc channel topup.

                --resume takes up a channel that exists: one whose state file was lost (the key must be in the wallet, or \
                given with --key), or one whose payer delegated to this wallet's key. What the service says is believed only \
                as far as this wallet's key signed it.

                \(ChannelExit.help)
                """)

        @OptionGroup var options: WalletOptions
        @Option(help: "The fee service.")
        var service = "http://127.0.0.1:8080"
        @Option(help: "Take this key: an encrypted key file, or 0x and 64 hex digits in a file of mode 0600.")
        var key: String?
        @Option(help: "A file with the passphrase of --key; default: the wallet's.")
        var keyPassphraseFile: String?
        @Option(help: "Use the wallet's key of this address; needed where it holds several.")
        var address: String?
        @Option(
            help:
                "Another key of the wallet, by its address, that signs the vouchers: the payer's own then only opens and closes."
        )
        var signer: String?
        @Option(help: "Take up the channel of this id instead of opening one.")
        var resume: String?
        @Option(help: "What trying a passphrase costs whoever has the key file: standard (0.4 s, 128 MiB) or light.")
        var keyCost = KeyCost.standard
        @OptionGroup(title: "Limits") var limits: LimitOptions

        func run() async throws {
            try await ChannelExit.reporting {
                let wallet = try Wallet.openOrMake(path: options.wallet)
                let lock = try await options.lock(wallet)
                let files = WalletFiles(wallet: wallet, lock: lock)
                let url = try ChannelOptions.checked(service)
                try await ChannelSession.withHTTP { http in
                    let connection = try await ServiceConnection(http: http, url: url)
                    let key = try await WalletKeys(
                        wallet: wallet, passphraseFile: options.passphraseFile, cost: keyCost.scrypt
                    ).choose(address: try Self.address(address), file: key, passphraseFile: keyPassphraseFile)
                    let record = try await openOrTake(key, connection, url, files)
                    try report(record, connection)
                }
            }
        }

        static func address(_ text: String?) throws -> Address? {
            guard let text else { return nil }
            guard let address = Address(hex: text.lowercased()) else {
                throw OperatorError("\(text) is no address: 0x and 40 hex digits.")
            }
            return address
        }

        private func openOrTake(
            _ key: SecretKey, _ connection: ServiceConnection, _ url: String, _ files: WalletFiles
        ) async throws -> ChannelRecord {
            guard let resume else { return try await open(key, connection, url, files) }
            return try await take(resume, key, connection, url, files)
        }

        /// Writes the record first: the id must not be lost, whatever becomes of the request.
        private func open(
            _ key: SecretKey, _ connection: ServiceConnection, _ url: String, _ files: WalletFiles
        ) async throws -> ChannelRecord {
            let signer = try Self.address(signer) ?? key.address
            _ = try files.wallet.keystore(signer)
            var generator = SystemRandomNumberGenerator()
            guard let opening = Bytes32((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }) else {
                preconditionFailure("32 bytes are a word")
            }
            let statement = OpenChannel(payer: key.address, signer: signer, opening: opening)
            let record = ChannelRecord(
                channelID: statement.channelID(in: connection.domain), payer: key.address, signer: signer,
                opening: opening, genesis: connection.genesis, service: url,
                limits: try limits.changing(SpendingLimits(), Currency(connection.genesis)))
            try files.write(record)
            do {
                try await Self.announce(statement, key, connection)
            } catch {
                ChannelOutput.note(
                    "The channel \(record.channelID) is in the wallet, but the service has not confirmed it: "
                        + "feesvc channel open --resume \(record.channelID) asks it again.")
                throw error
            }
            return record
        }

        /// Tells the service of an opening; the same one again is the same channel.
        private static func announce(
            _ statement: OpenChannel, _ key: SecretKey, _ connection: ServiceConnection
        ) async throws {
            let signature = key.sign(connection.domain.digest(of: statement))
            let answer: ChannelOpenedBody = try await connection.client.post(
                "/v1/channels", OpenChannelBody(statement, signature: signature))
            guard answer.channelId == statement.channelID(in: connection.domain) else {
                throw Unproven("The service opened another channel than it was asked for.")
            }
        }

        private func take(
            _ id: String, _ key: SecretKey, _ connection: ServiceConnection, _ url: String, _ files: WalletFiles
        ) async throws -> ChannelRecord {
            guard let id = Bytes32(hex: id) else {
                throw OperatorError("--resume is \(id); a channel's id is 0x and 64 lower-case hex digits.")
            }
            if var known = try files.wallet.recordFile(id).read() {
                if let opening = known.opening, known.payer == key.address {
                    let statement = OpenChannel(payer: known.payer, signer: known.signer, opening: opening)
                    try await Self.announce(statement, key, connection)
                }
                known.service = url
                try files.write(known)
                return known
            }
            let query = SignedQuery(channelID: id, time: .now, key: key, domain: connection.domain)
            let account = try await connection.account(query)
            let record = ChannelRecord(
                channelID: id, payer: account.payer, signer: key.address, opening: nil, genesis: connection.genesis,
                service: url, limits: try limits.changing(SpendingLimits(), Currency(connection.genesis)),
                firstSequence: LaneSigner.skippedAfterLoss)
            let channel = try WalletChannel(record: record, key: key, service: connection, storage: files)
            for doubt in try await channel.synchronize(now: .now) where key.address == account.payer {
                ChannelOutput.note("warning: \(doubt)")
            }
            return await channel.record
        }

        private func report(_ record: ChannelRecord, _ connection: ServiceConnection) throws {
            guard options.json else {
                ChannelOutput.note(
                    "Payer \(record.payer.checksummed), signer \(record.signer.checksummed), log \(record.genesis.logID)."
                )
                return print(record.channelID.hex)
            }
            try ChannelOutput.json(
                Opened(
                    channelId: record.channelID, payer: record.payer, signer: record.signer,
                    logId: record.genesis.logID, minimumDeposit: connection.minimumDeposit))
        }

        private struct Opened: Encodable {
            let channelId: Bytes32
            let payer: Address
            let signer: Address
            let logId: Bytes32
            let minimumDeposit: Amount
        }
    }
}
