import ArgumentParser
import Channels
import Foundation
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel pay`.
    struct Pay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pay for a message and get its receipt.",
            discussion: """
                Seals the payload in an envelope, signs a voucher for it, checks the service's receipt and keeps both in the \
                wallet: envelopes/<hash>.bin and receipts/<channel>/<charge>.json. With --node the envelope is published \
                there; otherwise do that within an hour (publishBy) with feesvc channel publish: what is never published is not \
                refunded.

                If no answer comes, run the same command again: it first finds out what became of the voucher, and a payment \
                of the same payload that was interrupted is finished instead of made anew.

                \(ChannelExit.help)
                """)

        @Argument(help: "The payload's file, or - for standard input; at most 1 MiB.")
        var payload: String
        @Option(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions
        @Option(help: "The topic's id, 0x and 64 hex digits; default: a new topic that the payer owns.")
        var topic: String?
        @OptionGroup var authorship: AuthorOptions
        @Option(help: "Days of storage.")
        var days: UInt32 = 30
        @Flag(help: "Add the postage that a first message to a stranger needs.")
        var postage = false
        @Option(
            help: "The most that this message may cost; default: today's price at the highest congestion there can be.")
        var maxFee: String?
        @Option(help: "The lane, 0 to 63: processes with wallets of their own each use one of their own.")
        var lane: UInt32 = 0
        @OptionGroup var settlement: SettlementKeyOptions
        @Option(
            help:
                "Publish at the node whose HTTP address this is, host:port; several in the order in which they are tried."
        )
        var node: [String] = []

        func validate() throws {
            guard lane < ChannelState.laneCount else {
                throw ValidationError("--lane is \(lane); lanes are 0 to \(ChannelState.laneCount - 1).")
            }
            guard topic == nil || topic.flatMap({ Bytes32(hex: $0) }) != nil else {
                throw ValidationError("--topic is 0x and 64 lower-case hex digits.")
            }
            guard topic == nil || authorship.pass == nil else {
                throw ValidationError("--as names the topic; leave --topic out.")
            }
            if let id = topic.flatMap({ Bytes32(hex: $0) }), ClosedTopic.isClosed(id) {
                throw ValidationError(
                    "\(id) is a closed topic: publish with --as and the file of feesvc topic create or admit.")
            }
        }

        func run() async throws {
            let bytes = try await payloadBytes()
            try await ChannelSession.run(channel, options) { session in
                var order = MessageOrder(
                    payload: bytes, topic: topic.flatMap { Bytes32(hex: $0) },
                    expiryDay: UTCDay(number: UTCDay(containing: session.now).number.addingClamped(days)),
                    isStamped: postage, maxFee: try maxFee.map { try session.currency.read($0, option: "--max-fee") })
                order.author = try await session.author(authorship)
                let payment = ChannelPayment(
                    session: session, lane: lane, settlement: settlement, wallet: options.wallet)
                // Before the payment: a node that is not registered is no reason to pay.
                let publisher =
                    node.isEmpty
                    ? nil
                    : try await PaidMessages(
                        wallet: session.wallet, channel: session.id, service: session.service, http: session.http
                    ).publisher(at: node)
                var paid = try await payment.pay(order)
                do {
                    paid.publication = try await publisher?.publish(paid.envelope, paid.paid.receipt)
                } catch {
                    try await payment.report(paid, asJSON: options.wallet.json)
                    let number = paid.paid.receipt.charge.number
                    throw OperatorError(
                        "The message is paid, but not published: \(error). Run feesvc channel publish \(number) before "
                            + "\(ChannelOutput.moment(paid.paid.receipt.charge.publishBy)).")
                }
                try await payment.report(paid, asJSON: options.wallet.json)
            }
        }

        private func payloadBytes() async throws -> [UInt8] {
            var bytes: [UInt8] = []
            try await ChannelExit.reporting {
                let limit = EnvelopeHead.payloadBytesMax
                let handle: FileHandle
                if payload == "-" {
                    handle = .standardInput
                } else {
                    do {
                        handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: payload))
                    } catch {
                        throw OperatorError("\(payload) can't be read: \(Presentation.reason(of: error)).")
                    }
                }
                while bytes.count <= limit, let more = try handle.read(upToCount: limit + 1 - bytes.count),
                    !more.isEmpty
                { bytes += more }
                guard bytes.count <= limit else {
                    throw OperatorError("The payload of \(payload) has more than \(limit) bytes; split it.")
                }
            }
            return bytes
        }
    }
}

extension UInt32 {
    /// The sum, or 2^32 − 1 where it is above that.
    fileprivate func addingClamped(_ other: UInt32) -> UInt32 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? .max : sum
    }
}
