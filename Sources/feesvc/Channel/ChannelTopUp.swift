import ArgumentParser
import Channels
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel topup`.
    struct TopUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "topup", abstract: "Have a deposit for a channel confirmed.",
            discussion: """
                A deposit counts when the settlement key has signed for it. Version 1 settles in the service's own ledger: \
                with --settlement-key (a demonstration, or the operator's own machine) the statement is signed here and \
                handed in; repeated after a crash, it is the same deposit. Without it the request that the settlement's \
                operator has to confirm is printed, and nothing is remembered.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions
        @Option(help: "How much, in units or as 0.05USD.")
        var amount: String
        @OptionGroup var settlement: SettlementKeyOptions

        private struct Confirmed: Encodable {
            let channelId: Bytes32
            let amount: Amount
            let reference: Bytes32
            let deposited: Amount
            let available: Amount
            let stage: String
        }

        func run() async throws {
            guard settlement.settlementKey != nil else { return try await printRequest() }
            try await ChannelSession.run(channel, options) { session in
                let amount = try session.currency.read(amount, option: "--amount")
                guard let deposits = try await ChannelDeposits(session, settlement, options.wallet) else { return }
                let deposit = await deposits.finish() ?? ChannelDeposits.new(amount)
                if deposit.amount != amount {
                    ChannelOutput.note("A deposit of \(deposit.amount) units that was interrupted is confirmed now.")
                }
                try await deposits.confirm(deposit, isAutomatic: false)
                if deposit.amount != amount {
                    try await deposits.confirm(ChannelDeposits.new(amount), isAutomatic: false)
                }
                let account = try await session.synchronized().account
                guard options.wallet.json else {
                    return print(
                        "\(session.currency.both(amount)) confirmed; \(session.currency.both(account.available)) are available, "
                            + "the channel is \(account.stage)")
                }
                try ChannelOutput.json(
                    Confirmed(
                        channelId: session.id, amount: amount, reference: deposit.reference,
                        deposited: account.deposited, available: account.available, stage: account.stage))
            }
        }

        private struct Request: Encodable {
            let post: String
            let subject: Bytes32
            let amount: Amount
            let reference: Bytes32
            let sign: String
            let domain: Domain

            struct Domain: Encodable {
                let name: String
                let version: String
                let chainId: Bytes32
                let verifyingContract: Address
            }
        }

        /// What the settlement's operator needs; no key of ours is involved.
        private func printRequest() async throws {
            try await ChannelExit.reporting {
                let wallet = try Wallet(path: options.wallet.wallet)
                let id = try wallet.channel(named: channel ?? "")
                guard let record = try wallet.recordFile(id).read() else {
                    throw WalletError.unknownChannel(path: wallet.path, name: id.hex)
                }
                let amount = try Currency(record.genesis).read(amount, option: "--amount")
                let domain = record.genesis.domain
                ChannelOutput.note(
                    "Give this to the settlement's operator, who signs the statement with the settlement key (at the log's "
                        + "beginning \(record.genesis.settlementKey.checksummed)) and posts it with its signature.")
                try ChannelOutput.json(
                    Request(
                        post: (try options.service.map(ChannelOptions.checked) ?? record.service)
                            + "/v1/settlement/deposits", subject: id, amount: amount,
                        reference: ChannelDeposits.new(amount).reference,
                        sign: "Deposit(bytes32 channelId,uint128 amount,bytes32 reference)",
                        domain: .init(
                            name: domain.name, version: domain.version, chainId: domain.chainID,
                            verifyingContract: domain.verifyingContract)))
            }
        }
    }
}

/// The key that confirms deposits, where this machine has it.
struct SettlementKeyOptions: ParsableArguments {
    @Option(
        help: "The settlement's key file, encrypted or plain; mode 0600. It confirms deposits, automatic ones too."
    )
    var settlementKey: String?
    @Option(help: "A file with the passphrase of --settlement-key; default: the wallet's.")
    var settlementPassphraseFile: String?
}

/// Deposits that the settlement key signs here: for demonstrations, and for whoever is the settlement.
struct ChannelDeposits {
    let session: ChannelSession
    private let key: SecretKey

    /// Reads the settlement's key, where there is one, and makes sure that it is this instance's.
    init?(_ session: ChannelSession, _ options: SettlementKeyOptions, _ wallet: WalletOptions) async throws {
        guard let path = options.settlementKey else { return nil }
        self.session = session
        key = try await KeyFile.read(
            path, passphraseFile: options.settlementPassphraseFile ?? wallet.passphraseFile)
        let settlement = session.service.keys.key(of: .settlement, at: .max)
        guard key.address == settlement else {
            throw OperatorError(
                "\(path) holds the key of \(key.address.checksummed), but this service's settlement key is "
                    + "\(settlement.checksummed).")
        }
    }

    /// A deposit of its own.
    static func new(_ amount: Amount) -> ChannelRecord.PendingDeposit {
        var generator = SystemRandomNumberGenerator()
        guard let reference = Bytes32((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }) else {
            preconditionFailure("32 bytes are a word")
        }
        return ChannelRecord.PendingDeposit(amount: amount, reference: reference)
    }

    /// A deposit that was on its way when a command ended, which has to be confirmed first.
    func finish() async -> ChannelRecord.PendingDeposit? { await session.channel.record.deposit }

    /// Writes the deposit's reference to the disk, signs and hands it in: done again, it is the same deposit.
    func confirm(_ deposit: ChannelRecord.PendingDeposit, isAutomatic: Bool) async throws {
        let day = UTCDay(containing: session.now)
        if await session.channel.record.deposit != deposit {
            try await session.channel.change { try $0.request(deposit, isAutomatic: isAutomatic, day: day) }
        }
        let statement = Deposit(channelID: session.id, amount: deposit.amount, reference: deposit.reference)
        let body = SettlementBody(
            subject: HexBytes(session.id.bytes), amount: deposit.amount, reference: deposit.reference,
            signature: key.sign(session.service.domain.digest(of: statement)))
        do {
            let _: [String: String] = try await session.service.client.post("/v1/settlement/deposits", body)
        } catch ClientError.problem(let problem) where (400..<429).contains(problem.status) {
            // It will never count: nothing is to be repeated.
            try await session.channel.change { $0.finishDeposit() }
            throw ClientError.problem(problem)
        }
        try await session.channel.change { $0.finishDeposit() }
        await session.channel.forgetAccount()
    }

    /// Tops up what a payment lacks, as the wallet's rule allows; `false` where there is no rule.
    func topUp(lacking: Amount) async throws -> Bool {
        if let interrupted = await finish() {
            try await confirm(interrupted, isAutomatic: false)
            return true
        }
        let record = await session.channel.record
        guard let rule = record.limits.topUp else { return false }
        let amount = try rule.amount(
            lacking: lacking, today: record.toppedUp.on(UTCDay(containing: session.now)))
        try await confirm(Self.new(amount), isAutomatic: true)
        ChannelOutput.note("Topped up by \(session.currency.both(amount)).")
        return true
    }
}
