import ArgumentParser
import Channels
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel close`.
    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a channel and have back what is left.",
            discussion: """
                By agreement, the channel is closed at once: the payer signs what was charged, once this wallet has checked it, \
                and what is left becomes payable to the payer; the settlement pays it out. With --unilateral nobody has to agree: \
                vouchers are refused from now on, and the channel ends when the service's challenge window is over.

                A closed channel does not open again; money that comes back later is payable to the payer.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions
        @Flag(help: "Ask for the close that the service can't refuse.")
        var unilateral = false

        private struct Closed: Encodable {
            let channelId: Bytes32
            let charged: Amount
            /// What this command returned; absent where the channel was closed before.
            let returned: Amount?
        }

        private struct Closing: Encodable {
            let channelId: Bytes32
            let closesAt: UInt64
        }

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let key = try await session.payerKey()
                if unilateral { return try await request(session, key) }
                let (account, doubts) = try await session.synchronized()
                if account.stage == ChannelStage.closed.rawValue {
                    guard options.wallet.json else { return print("the channel is closed already") }
                    return try ChannelOutput.json(
                        Closed(channelId: session.id, charged: try account.charged, returned: nil))
                }
                try await agree(session, key, account, doubts)
            }
        }

        private func agree(
            _ session: ChannelSession, _ key: SecretKey, _ account: ChannelAccount, _ doubts: [LaneClaimRefusal]
        ) async throws {
            if let doubt = doubts.first {
                throw Unproven(
                    "\(doubt) Nothing was signed; feesvc channel close --unilateral ends the channel without an agreement."
                )
            }
            let charged = try account.charged
            let statement = CloseChannel(channelID: session.id, charged: charged, validUntil: session.validUntil)
            let answer: ChannelClosedBody = try await session.service.client.post(
                "/v1/channels/\(session.id.hex)/close",
                CloseChannelBody(
                    charged: charged, validUntil: statement.validUntil,
                    signature: key.sign(session.service.domain.digest(of: statement))))
            guard answer.returned == (try account.coverage.subtracting(charged)) else {
                throw Unproven("The service returned \(answer.returned) units, not what was left.")
            }
            guard options.wallet.json else {
                return print(
                    "closed; \(session.currency.both(answer.returned)) are payable to \(key.address.checksummed)")
            }
            try ChannelOutput.json(Closed(channelId: session.id, charged: charged, returned: answer.returned))
        }

        private func request(_ session: ChannelSession, _ key: SecretKey) async throws {
            let statement = RequestClose(channelID: session.id, validUntil: session.validUntil)
            let answer: ChannelClosingBody = try await session.service.client.post(
                "/v1/channels/\(session.id.hex)/close-requests",
                RequestCloseBody(
                    validUntil: statement.validUntil,
                    signature: key.sign(session.service.domain.digest(of: statement))))
            guard options.wallet.json else {
                return print("closing; it ends at \(ChannelOutput.moment(answer.closesAt))")
            }
            try ChannelOutput.json(Closing(channelId: session.id, closesAt: answer.closesAt))
        }
    }

    /// `feesvc channel withdraw`.
    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take money out of an open channel.",
            discussion: """
                What no ceiling of a voucher claims can be withdrawn: it becomes payable to the payer, and the settlement pays it \
                out. The order names what shall have been withdrawn in all, so that it takes nothing twice.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions
        @Option(help: "How much, in units or as 0.05USD.")
        var amount: String?
        @Flag(help: "All that can be withdrawn.")
        var all = false

        private struct Withdrawn: Encodable {
            let channelId: Bytes32
            let withdrawn: Amount
            let cumulative: Amount
        }

        func validate() throws {
            guard all != (amount != nil) else { throw ValidationError("Say how much: --amount or --all.") }
        }

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let key = try await session.payerKey()
                let interrupted = try await finish(session, key)
                let wanted = try amount.map { try session.currency.read($0, option: "--amount") }
                if let interrupted, wanted == nil || wanted == interrupted.amount {
                    return try await report(interrupted, session)
                }
                try await report(try await order(wanted, session, key), session)
            }
        }

        /// Hands in again what was ordered by a command that got no answer.
        private func finish(
            _ session: ChannelSession, _ key: SecretKey
        ) async throws -> ChannelRecord.PendingWithdrawal? {
            guard let known = await session.channel.record.withdrawal else { return nil }
            try await handIn(known, session, key)
            ChannelOutput.note("A withdrawal of \(known.amount) units that was interrupted is done now.")
            return known
        }

        private func order(
            _ wanted: Amount?, _ session: ChannelSession, _ key: SecretKey
        ) async throws -> ChannelRecord.PendingWithdrawal {
            let account = try await session.synchronized().account
            let limit = try account.unclaimed
            let wanted = wanted ?? limit
            guard wanted <= limit, wanted > .zero else {
                throw OperatorError(
                    "\(session.currency.both(limit)) can be withdrawn, not \(wanted): signed ceilings claim the rest. "
                        + "Closing the channel returns all that was not charged.")
            }
            let order = ChannelRecord.PendingWithdrawal(
                amount: wanted, cumulative: try account.withdrawn.adding(wanted))
            try await session.channel.change { $0.withdrawal = order }
            try await handIn(order, session, key)
            return order
        }

        /// Hands in an order that is on the disk, and strikes it off once it is answered.
        private func handIn(
            _ order: ChannelRecord.PendingWithdrawal, _ session: ChannelSession, _ key: SecretKey
        ) async throws {
            let statement = Withdrawal(
                channelID: session.id, cumulative: order.cumulative, validUntil: session.validUntil)
            let body = WithdrawalBody(
                cumulative: statement.cumulative, validUntil: statement.validUntil,
                signature: key.sign(session.service.domain.digest(of: statement)))
            do {
                let answer: WithdrawnBody = try await session.service.client.post(
                    "/v1/channels/\(session.id.hex)/withdrawals", body)
                guard answer.cumulative == order.cumulative else {
                    throw Unproven("The service withdrew \(answer.cumulative) units in all, not what was ordered.")
                }
            } catch ClientError.problem(let problem) where (400..<429).contains(problem.status) {
                try await session.channel.change { $0.withdrawal = nil }
                throw ClientError.problem(problem)
            }
            try await session.channel.change { $0.withdrawal = nil }
        }

        private func report(_ order: ChannelRecord.PendingWithdrawal, _ session: ChannelSession) async throws {
            let payer = await session.channel.record.payer
            guard options.wallet.json else {
                return print(
                    "\(session.currency.both(order.amount)) are payable to \(payer.checksummed); "
                        + "\(order.cumulative) units were withdrawn in all")
            }
            try ChannelOutput.json(
                Withdrawn(channelId: session.id, withdrawn: order.amount, cumulative: order.cumulative))
        }
    }
}
