import ArgumentParser
import Channels
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel delegate`.
    struct Delegate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let another key sign vouchers for a channel.",
            discussion: """
                The key's owner then takes the channel up with feesvc channel open --resume ID --key FILE. What it may sign is \
                bounded by a lane, by the ceiling that each of its lanes may reach, and by a time; it can't withdraw or close. \
                Delegating to a signer again replaces what it had. A voucher must be provable for the service's challenge window \
                and settlement horizon, so the key stops being useful that long before it expires.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions
        @Option(help: "The address of the key that may sign.")
        var signer: String
        @Option(help: "The one lane that it may use, 0 to 63; default: every lane.")
        var lane: UInt32?
        @Option(help: "The most that each of its lanes may come to, in units or as 0.05USD.")
        var ceiling: String
        @Option(help: "For how many days from now.")
        var days: UInt32 = 90

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let key = try await session.payerKey()
                guard let signer = try Open.address(signer) else { preconditionFailure("the option is needed") }
                let account = try await session.synchronized().account
                let delegation = Delegation(
                    channelID: session.id, signer: signer, lane: lane ?? Delegation.everyLane,
                    ceiling: try session.currency.read(ceiling, option: "--ceiling"),
                    expires: session.now.addingClamped(UInt64(days) * UTCDay.seconds),
                    nonce: account.nonce.addingClamped(1))
                // Before it can sign: what it signs is then known to be meant.
                try await session.channel.change { $0.authorised.insert(signer) }
                let answer: ChannelBody = try await session.service.client.post(
                    "/v1/channels/\(session.id.hex)/delegations",
                    DelegationBody(delegation, signature: key.sign(session.service.domain.digest(of: delegation))))
                try SignersShown(answer).print(asJSON: options.wallet.json)
            }
        }
    }

    /// `feesvc channel revoke`.
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a key's authority to sign away.",
            discussion: """
                Nothing that the key signs counts from then on, whenever it signed it; what was charged before stands. The signer \
                that the channel was opened with can be revoked too.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions
        @Option(help: "The address of the key that may sign no more.")
        var signer: String

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let key = try await session.payerKey()
                guard let signer = try Open.address(signer) else { preconditionFailure("the option is needed") }
                let account = try await session.synchronized().account
                guard account.signers.contains(where: { $0.signer == signer }) else {
                    ChannelOutput.note("\(signer.checksummed) may not sign for the channel as it is.")
                    return try SignersShown(session.id, account).print(asJSON: options.wallet.json)
                }
                let revocation = Revocation(
                    channelID: session.id, signer: signer, nonce: account.nonce.addingClamped(1))
                let answer: ChannelBody = try await session.service.client.post(
                    "/v1/channels/\(session.id.hex)/revocations",
                    RevocationBody(revocation, signature: key.sign(session.service.domain.digest(of: revocation))))
                try SignersShown(answer).print(asJSON: options.wallet.json)
            }
        }
    }
}

/// Who may sign for a channel.
private struct SignersShown: Encodable {
    let channelId: Bytes32
    let nonce: UInt64
    let signers: [ChannelBody.Signer]

    init(_ body: ChannelBody) {
        channelId = body.channelId
        nonce = body.nonce
        signers = body.signers
    }

    init(_ id: Bytes32, _ account: ChannelAccount) {
        channelId = id
        nonce = account.nonce
        signers = account.signers.map { ChannelBody.Signer($0.signer, $0.authority) }
    }

    func print(asJSON: Bool) throws {
        guard !asJSON else { return try ChannelOutput.json(self) }
        if signers.isEmpty { ChannelOutput.note("Nobody may sign vouchers for the channel now.") }
        ChannelOutput.lines(
            signers.map { signer in
                let lane = signer.lane == Delegation.everyLane ? "every lane" : "lane \(signer.lane)"
                let bounds =
                    signer.expires == .max
                    ? "" : ", to \(signer.ceiling) until \(ChannelOutput.moment(signer.expires))"
                return (signer.signer.checksummed, lane + bounds)
            })
    }
}
