import ArgumentParser
import Channels
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel status`.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a channel holds, what closing would return, and what the limits leave.",
            discussion: """
                Asks the service and checks its answer: the newest voucher of each lane must carry this wallet's signature, and \
                the numbers may not be below what the service gave receipts for. Interrupted payments are finished first.

                What closing returns now is what was not charged. Parts of paid messages that are held (storage to come, \
                postage in its window, messages that were not delivered) may come back later, to the channel or, once it is \
                closed, to the payer's payable.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let (account, doubts) = try await session.synchronized()
                let record = await session.channel.record
                let shown = try StatusShown(account, record, doubts, day: UTCDay(containing: session.now))
                if options.wallet.json {
                    try ChannelOutput.json(shown)
                } else {
                    shown.print(session.currency)
                }
                if let low = record.limits.lowBalance, account.available < low, account.stage == "open" {
                    ChannelOutput.note("warning: less than \(low) units are left; feesvc channel topup adds to it.")
                }
            }
        }
    }

    /// `feesvc channel list`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the wallet's channels, as this wallet knows them.",
            discussion: "Asks nobody and needs no passphrase; feesvc channel status asks the service.")

        @OptionGroup var options: WalletOptions

        private struct Entry: Encodable {
            let channelId: Bytes32
            let service: String
            let payer: Address
            let signer: Address
            let charged: Amount
            let vouchersWithoutAnswer: Int
            let spentToday: Amount
            let remainingToday: Amount?
        }

        func run() async throws {
            try await ChannelExit.reporting {
                let wallet = try Wallet(path: options.wallet)
                let day = UTCDay(containing: .now)
                let records = try wallet.channels.compactMap { try wallet.recordFile($0).read() }
                let entries = try records.map { record in
                    Entry(
                        channelId: record.channelID, service: record.service, payer: record.payer,
                        signer: record.signer, charged: try Amount.sum(record.lanes.values.map(\.signer.charged)),
                        vouchersWithoutAnswer: record.pending.count, spentToday: record.spent.on(day).amount,
                        remainingToday: record.limits.remaining(record.spent.on(day)))
                }
                guard !options.json else { return try ChannelOutput.json(entries) }
                if entries.isEmpty { ChannelOutput.note("The wallet \(wallet.path) holds no channel.") }
                for (entry, record) in zip(entries, records) {
                    let waiting = entry.vouchersWithoutAnswer > 0 ? ", \(entry.vouchersWithoutAnswer) unanswered" : ""
                    print(
                        "\(entry.channelId.hex)  \(entry.service)  charged \(Currency(record.genesis).text(entry.charged))\(waiting)"
                    )
                }
            }
        }
    }
}

/// A channel as `status` shows it.
struct StatusShown: Encodable {
    struct Lane: Encodable {
        let lane: UInt32
        let sequence: UInt64
        let ceiling: Amount
        let charged: Amount
        /// Whether this wallet signs on it.
        let isOurs: Bool
    }

    struct Signer: Encodable {
        let signer: Address
        let lane: UInt32?
        let ceiling: Amount?
        let expires: UInt64?
    }

    let channelId: Bytes32
    let stage: String
    let closesAt: UInt64?
    let deposited: Amount
    let refunded: Amount
    let withdrawn: Amount
    let charged: Amount
    let available: Amount
    let returnedIfClosedNow: Amount
    let withdrawable: Amount
    let lanes: [Lane]
    let signers: [Signer]
    let limits: LimitsShown
    let doubts: [String]

    init(
        _ account: ChannelAccount, _ record: ChannelRecord, _ doubts: [LaneClaimRefusal], day: UTCDay
    ) throws {
        channelId = record.channelID
        stage = account.stage
        closesAt = account.closesAt
        deposited = account.deposited
        refunded = account.refunded
        withdrawn = account.withdrawn
        charged = try account.charged
        // Computed from what was checked, not taken from the answer.
        available = try account.coverage.subtracting(try account.charged)
        returnedIfClosedNow = available
        withdrawable = account.stage == "closed" ? .zero : try account.unclaimed
        lanes = account.lanes.map {
            Lane(
                lane: $0.lane, sequence: $0.sequence, ceiling: $0.ceiling, charged: $0.charged,
                isOurs: record.lanes[$0.lane] != nil)
        }
        signers = account.signers.map {
            let isUnlimited = $0.authority == .unlimited
            return Signer(
                signer: $0.signer, lane: $0.authority.lane, ceiling: isUnlimited ? nil : $0.authority.ceiling,
                expires: isUnlimited ? nil : $0.authority.expires)
        }
        limits = LimitsShown(record, day: day)
        self.doubts = doubts.map(\.description)
    }

    /// For a person.
    func print(_ currency: Currency) {
        var lines = [("channel", channelId.hex), ("stage", stage)]
        if let closesAt { lines.append(("closes at", ChannelOutput.moment(closesAt))) }
        lines += [
            ("deposited", currency.both(deposited)), ("refunded", currency.both(refunded)),
            ("withdrawn", currency.both(withdrawn)), ("charged", currency.both(charged)),
            ("available", currency.both(available)), ("closing now returns", currency.both(returnedIfClosedNow)),
            ("can be withdrawn", currency.both(withdrawable)),
        ]
        for lane in lanes {
            lines.append(
                (
                    "lane \(lane.lane)",
                    "sequence \(lane.sequence), charged \(lane.charged) of a ceiling of \(lane.ceiling)"
                        + (lane.isOurs ? "" : ", signed elsewhere")
                ))
        }
        for signer in signers {
            let lane = signer.lane.map { "lane \($0)" } ?? "every lane"
            let bounds = signer.expires.map { ", to \(signer.ceiling ?? .max) until \(ChannelOutput.moment($0))" } ?? ""
            lines.append(("signer", "\(signer.signer.checksummed), \(lane)\(bounds)"))
        }
        ChannelOutput.lines(lines + limits.lines(currency))
        for doubt in doubts { ChannelOutput.note("warning: \(doubt)") }
    }
}
