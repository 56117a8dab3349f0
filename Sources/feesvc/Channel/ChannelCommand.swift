import ArgumentParser

/// `feesvc channel`.
struct ChannelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channel",
        abstract: "Pay for messages: channels, receipts, limits, and what is left.",
        discussion: """
            A payer opens a channel at a fee service, has a deposit confirmed, and pays for each message by signing a voucher: \
            a sequence, a ceiling (the most that all vouchers of a lane may be charged), and exactly these messages at no more \
            than these prices. The service charges the price, answers with a receipt that anybody can check, and what is \
            left can be withdrawn or had back by closing.

            The wallet writes a voucher to the disk before it leaves. After a crash or a lost answer the same voucher is \
            sent again, so that no command pays twice when it is repeated. A wallet that was restored from a backup asks the \
            service first, believes only what its own key signed, and refuses a service that says less than its receipts.

            Amounts are whole units (USD: 10^-12 dollars) or have their currency, as 0.01USD. A channel is named by its id, \
            the beginning of it, or not at all where the wallet holds one only.

              feesvc channel open --service http://127.0.0.1:8080 --limit-per-day 1USD
              feesvc channel topup --amount 0.05USD --settlement-key feesvc-data/keys/settlement.key
              echo hello | feesvc channel pay - --days 30
              feesvc channel status

            \(ChannelExit.help)
            """,
        subcommands: [
            Open.self, TopUp.self, Pay.self, Publish.self, Status.self, List.self, Statement.self, Charge.self,
            Claim.self,
            Limits.self, Close.self,
            Withdraw.self, Delegate.self, Revoke.self, Verify.self, Restore.self,
        ])
}
