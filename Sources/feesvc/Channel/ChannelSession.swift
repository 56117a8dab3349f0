import AsyncHTTPClient
import Channels
import Payer
import Primitives

/// One command's work on one channel: the wallet is locked, the service has been asked for its parameters, and the key
/// that signs the channel's vouchers is open.
struct ChannelSession {
    let wallet: Wallet
    let service: ServiceConnection
    let http: HTTPClient
    let channel: WalletChannel
    let id: Bytes32
    let currency: Currency
    /// When the command began.
    let now: UInt64
    private let options: WalletOptions
    private let key: SecretKey
    private let passphrase: String

    /// Runs `body` in a session about the channel that `name` names.
    static func run(
        _ name: String?, _ options: ChannelOptions, _ body: (ChannelSession) async throws -> Void
    ) async throws {
        try await ChannelExit.reporting {
            let wallet = try Wallet(path: options.wallet.wallet)
            let lock = try await options.wallet.lock(wallet)
            let id = try wallet.channel(named: name ?? "")
            guard var record = try wallet.recordFile(id).read() else {
                throw WalletError.unknownChannel(path: wallet.path, name: id.hex)
            }
            let keystore = try wallet.keystore(record.signer)
            let passphrase = try Passphrase.read(
                file: options.wallet.passphraseFile, for: "of \(record.signer.checksummed)")
            let key = try await keystore.decrypted(password: passphrase)
            if let url = options.service { record.service = try ChannelOptions.checked(url) }
            try await withHTTP { http in
                let service = try await ServiceConnection(http: http, url: record.service)
                let channel = try WalletChannel(
                    record: record, key: key, service: service, storage: WalletFiles(wallet: wallet, lock: lock))
                try await body(
                    ChannelSession(
                        wallet: wallet, service: service, http: http, channel: channel, id: id,
                        currency: Currency(service.genesis), now: .now, options: options.wallet, key: key,
                        passphrase: passphrase))
            }
        }
    }

    /// Gives `body` a client and ends it afterwards.
    static func withHTTP(_ body: (HTTPClient) async throws -> Void) async throws {
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
        do {
            try await body(http)
        } catch {
            try? await http.shutdown()
            throw error
        }
        try await http.shutdown()
    }

    /// The key of the channel's payer, which signs what only the payer may order.
    func payerKey() async throws -> SecretKey {
        let payer = await channel.record.payer
        if payer == key.address { return key }
        guard wallet.addresses.contains(payer) else {
            throw OperatorError(
                "Only the channel's payer \(payer.checksummed) may order this, and \(wallet.path) holds no key of it.")
        }
        return try await options.key(payer, in: wallet, passphrase: passphrase)
    }

    /// Who publishes in a closed topic, where the options say so.
    func author(_ authorship: AuthorOptions) async throws -> MessageAuthor? {
        try await authorship.author(
            signer: key, passphraseFile: options.passphraseFile, now: now, domain: service.domain)
    }

    /// Asks the service for the channel's state, checks it, and finishes what was interrupted.
    func synchronized() async throws -> (account: ChannelAccount, doubts: [LaneClaimRefusal]) {
        let interrupted = await channel.record.pending.count
        let doubts = try await channel.synchronize(now: now)
        if interrupted > 0 { ChannelOutput.note("\(interrupted) interrupted payments were finished.") }
        guard let account = await channel.account else { throw OperatorError("The service told no state.") }
        // Only the payer's wallet knows who else may sign.
        let isPayers = wallet.addresses.contains(await channel.record.payer)
        return (account, isPayers ? doubts : [])
    }

    /// Until when an order stands that is handed in at once.
    var validUntil: UInt64 { now + 600 }

    /// Until when a voucher is valid: as long as the service asks, and a day.
    var voucherValidUntil: UInt64 {
        let admission = service.admission
        return now.addingClamped(admission.challengeWindow).addingClamped(admission.settlementHorizon)
            .addingClamped(86_400)
    }
}
