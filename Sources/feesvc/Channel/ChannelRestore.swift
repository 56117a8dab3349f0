import ArgumentParser
import Channels
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel restore`.
    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a service back the payments that it lost.",
            discussion: """
                A service whose database was lost and that had no newer copy goes on by a signed act in its log, which names \
                the newest head that it lost. This command sends it the vouchers and receipts that this wallet holds of what was \
                lost, so that the messages count as paid again, at their price; and takes up the channel as the service has it. \
                Do it before you pay for anything else. Where nothing was lost it does nothing.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions

        private struct Restored: Encodable {
            struct Refused: Encodable {
                let charge: UInt64
                let amount: Amount
                let code: String
            }

            let channelId: Bytes32
            let restored: [UInt64]
            let amount: Amount
            let refused: [Refused]
        }

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let outcome = try await session.channel.restore(now: session.now)
                let amount = try Amount.sum(outcome.restored.map { try $0.receipt.charge.price.total })
                if options.wallet.json {
                    return try ChannelOutput.json(
                        Restored(
                            channelId: session.id, restored: outcome.restored.map(\.receipt.charge.number),
                            amount: amount,
                            refused: try outcome.refused.map {
                                Restored.Refused(
                                    charge: $0.paid.receipt.charge.number,
                                    amount: try $0.paid.receipt.charge.price.total, code: $0.code)
                            }))
                }
                guard !outcome.restored.isEmpty || !outcome.refused.isEmpty else {
                    return print("the service lost nothing that this wallet holds")
                }
                print("restored  \(outcome.restored.count) payments, \(session.currency.both(amount))")
                for refused in outcome.refused {
                    print("refused   charge \(refused.paid.receipt.charge.number) (\(refused.code)): \(refused.detail)")
                }
            }
        }
    }
}
