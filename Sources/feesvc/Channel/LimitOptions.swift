import ArgumentParser
import Payer
import Primitives

/// Options that set a wallet's limits for a channel.
struct LimitOptions: ParsableArguments {
    @Option(help: "The most that one message may cost, postage included; none lifts the limit.")
    var limitPerMessage: String?
    @Option(help: "The most that may be spent on one UTC day; none lifts the limit.")
    var limitPerDay: String?
    @Option(help: "Warn when less than this is left; none stops warning.")
    var warnBelow: String?
    @Option(
        help:
            "Top up by this when a message finds too little (with --settlement-key of feesvc channel pay); none stops it."
    )
    var topupAmount: String?
    @Option(help: "The most that is topped up by itself on one UTC day.")
    var topupPerDay: String?

    /// Whether any option was given.
    var isAny: Bool {
        [limitPerMessage, limitPerDay, warnBelow, topupAmount, topupPerDay].contains { $0 != nil }
    }

    /// The limits with what the options change.
    func changing(_ limits: SpendingLimits, _ currency: Currency) throws -> SpendingLimits {
        var limits = limits
        limits.perMessage = try Self.read(limitPerMessage, "--limit-per-message", limits.perMessage, currency)
        limits.perDay = try Self.read(limitPerDay, "--limit-per-day", limits.perDay, currency)
        limits.lowBalance = try Self.read(warnBelow, "--warn-below", limits.lowBalance, currency)
        let amount = try Self.read(topupAmount, "--topup-amount", limits.topUp?.amount, currency)
        let perDay = try Self.read(topupPerDay, "--topup-per-day", limits.topUp?.perDay, currency)
        guard let amount, topupAmount != "none" else {
            if topupPerDay != nil, topupAmount != "none" {
                throw OperatorError("--topup-per-day bounds automatic top-ups; say their size with --topup-amount.")
            }
            limits.topUp = nil
            return limits
        }
        guard let perDay else {
            throw OperatorError("Automatic top-ups need a limit: say the most of one day with --topup-per-day.")
        }
        limits.topUp = TopUpRule(amount: amount, perDay: perDay)
        return limits
    }

    private static func read(
        _ text: String?, _ option: String, _ known: Amount?, _ currency: Currency
    ) throws -> Amount? {
        guard let text else { return known }
        return text == "none" ? nil : try currency.read(text, option: option)
    }
}

extension ChannelCommand {
    /// `feesvc channel limits`.
    struct Limits: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show or set what may be spent from a channel.",
            discussion: """
                Limits belong to this wallet's copy of the channel and are checked before anything is signed. What a message \
                may cost at most counts at once, and is corrected when the price is known. Without options they are shown, \
                with what remains today (UTC). No passphrase is needed.

                The low-balance warning goes to standard error after a payment.
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: WalletOptions
        @OptionGroup(title: "Limits") var limits: LimitOptions

        func run() async throws {
            try await ChannelExit.reporting {
                let wallet = try Wallet(path: options.wallet)
                let id = try wallet.channel(named: channel ?? "")
                let lock = limits.isAny ? try await options.lock(wallet) : nil
                guard var record = try wallet.recordFile(id).read() else {
                    throw WalletError.unknownChannel(path: wallet.path, name: id.hex)
                }
                let currency = Currency(record.genesis)
                if let lock {
                    record.limits = try limits.changing(record.limits, currency)
                    try WalletFiles(wallet: wallet, lock: lock).write(record)
                }
                let shown = LimitsShown(record, day: UTCDay(containing: .now))
                if options.json {
                    try ChannelOutput.json(shown)
                } else {
                    ChannelOutput.lines(shown.lines(currency))
                }
            }
        }
    }
}

/// Limits as commands show them.
struct LimitsShown: Encodable {
    let perMessage: Amount?
    let perDay: Amount?
    let spentToday: Amount
    let remainingToday: Amount?
    let lowBalance: Amount?
    let topUpAmount: Amount?
    let topUpPerDay: Amount?
    let toppedUpToday: Amount

    init(_ record: ChannelRecord, day: UTCDay) {
        let spent = record.spent.on(day)
        perMessage = record.limits.perMessage
        perDay = record.limits.perDay
        spentToday = spent.amount
        remainingToday = record.limits.remaining(spent)
        lowBalance = record.limits.lowBalance
        topUpAmount = record.limits.topUp?.amount
        topUpPerDay = record.limits.topUp?.perDay
        toppedUpToday = record.toppedUp.on(day).amount
    }

    /// Name and value of each.
    func lines(_ currency: Currency) -> [(String, String)] {
        func text(_ amount: Amount?, _ otherwise: String) -> String { amount.map(currency.both) ?? otherwise }
        return [
            ("most for a message", text(perMessage, "no limit")),
            ("most for a day", text(perDay, "no limit")),
            ("spent today", currency.both(spentToday)),
            ("remains today", text(remainingToday, "no limit")),
            ("warning below", text(lowBalance, "none")),
            (
                "automatic top-up",
                topUpAmount.map { "\(currency.both($0)), at most \(text(topUpPerDay, "0")) a day" } ?? "none"
            ),
            ("topped up today", currency.both(toppedUpToday)),
        ]
    }
}
