import ArgumentParser
import Channels
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel charge`.
    struct Charge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what became of a charge: what is held, until when, what went back, and why.",
            discussion: """
                Asks the service where each unit of the charge is. Held money is in no pool: base and congestion until the \
                delivery cut, storage until each midnight, postage until its window ends. For each ground on which money can go \
                back it says whether it did, until when evidence can be shown, or why nothing is given.

                What the service says here is checked by an audit of the epoch's export, not by this command.

                \(ChannelExit.help)
                """)

        @Argument(help: "The charge's number.")
        var charge: UInt64
        @Option(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let standing = try await session.service.standing(
                    await session.channel.query(session.now), charge: charge)
                if options.wallet.json {
                    try ChannelOutput.json(standing)
                } else {
                    ChargeTables(standing: standing, currency: session.currency).print()
                }
            }
        }
    }

    /// `feesvc channel claim`.
    struct Claim: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the service what this wallet holds for a refund of a charge.",
            discussion: """
                Shows the node's acknowledgement, or its signed refusal, that feesvc channel pay or publish kept, and has the price \
                compared with the log's schedule. The delivery cut decides on what nodes signed; what is above the schedule goes \
                back at once. feesvc channel charge shows what came of it.

                \(ChannelExit.help)
                """)

        @Argument(help: "The charge's number.")
        var charge: UInt64
        @Option(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions

        private struct Outcome: Encodable {
            let ground: String
            let outcome: String
        }

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                var outcomes: [Outcome] = []
                let (wallet, id) = (session.wallet, session.id)
                for (ground, path, file) in [
                    ("undelivered", "/v1/undelivered", wallet.acknowledgementPath(of: id, charge: charge)),
                    ("refused", "/v1/refused", wallet.refusalPath(of: id, charge: charge)),
                ] {
                    guard let body = try Self.evidence(file) else {
                        outcomes.append(Outcome(ground: ground, outcome: "nothing to show: there is no \(file)"))
                        continue
                    }
                    let outcome = try await Self.outcome {
                        let _: [String: UInt64] = try await session.service.client.post(path, body)
                        return "kept; the delivery cut decides"
                    }
                    outcomes.append(Outcome(ground: ground, outcome: outcome))
                }
                let overcharge = try await Self.outcome {
                    let refund: RefundBody = try await session.service.client.post(
                        "/v1/overcharges", OverchargeBody(charge: charge))
                    return "\(session.currency.both(refund.amount)) went back, "
                        + "\(session.currency.both(refund.owed)) are owed at the epoch's edge"
                }
                outcomes.append(Outcome(ground: "overcharged", outcome: overcharge))
                if options.wallet.json {
                    try ChannelOutput.json(outcomes)
                } else {
                    ChannelOutput.lines(outcomes.map { ($0.ground, $0.outcome) })
                }
            }
        }

        /// What was kept in a file; `nil` where there is none.
        private static func evidence(_ path: String) throws -> SignedBytesBody? {
            do {
                return try ChannelOutput.read(
                    SignedBytesBody.self, try PrivateFile(path: path).read(bytesMax: ReceiptDocument.bytesMax))
            } catch PrivateFileError.missing {
                return nil
            }
        }

        /// What the service answered; a refusal is an answer too.
        private static func outcome(_ body: () async throws -> String) async throws -> String {
            do {
                return try await body()
            } catch ClientError.problem(let problem) {
                return "\(problem.code): \(problem.detail)"
            }
        }
    }
}

/// A charge's standing for a person.
private struct ChargeTables {
    let standing: ChargeStandingBody
    let currency: Currency

    func print() {
        Swift.print("charge \(standing.charge) of epoch \(standing.epoch), at \(ChannelOutput.moment(standing.time))\n")
        Swift.print(
            TextTable.render(
                ["part", "paid", "held", "until", "captured", "returned or owed"],
                standing.parts.map { part in
                    [
                        part.part, currency.text(part.paid), currency.text(part.held),
                        part.heldUntil.map(ChannelOutput.moment) ?? "", currency.text(part.captured),
                        currency.text(part.returned),
                    ]
                }))
        if !standing.refunds.isEmpty {
            Swift.print(
                "\n"
                    + TextTable.render(
                        ["went back", "ground", "out of", "amount", "leaf"],
                        standing.refunds.map {
                            [$0.part, $0.ground, $0.source, currency.text($0.amount), "\($0.logIndex)"]
                        }))
        }
        Swift.print("")
        for ground in standing.grounds {
            let until = ground.until.map { " until \(ChannelOutput.moment($0))" } ?? ""
            Swift.print("\(ground.ground): \(ground.state)\(until). \(ground.reason)")
        }
    }
}
