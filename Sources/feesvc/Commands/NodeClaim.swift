import ArgumentParser
import Payer
import Primitives

extension NodeCommand {
    /// `feesvc node claim`.
    struct Claim: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Claim what a node has earned, by a proof that is built here.",
            discussion: """
                Recomputes the epoch from its public inputs as feesvc node attest does, and builds the proof from that result, never \
                from what the service says. One claim of the newest attested epoch pays all that is due, to the account that \
                the node was registered with. Claiming again pays nothing. A claim needs no signature: --operator-key only names \
                the node.

                  feesvc node claim --service $URL --operator-key operator.key
                  feesvc node claim --service $URL --node 3 --epoch 12 --json
                """)

        @OptionGroup var target: OperatorService
        @Option(help: "The epoch; default: the newest that is attested and has the node.")
        var epoch: UInt64?
        @Option(help: "The node's number.")
        var node: UInt32?
        @Option(help: "The operator's key file, in place of --node.")
        var operatorKey: String?
        @OptionGroup var passphrase: PassphraseOptions

        func validate() throws {
            guard (node == nil) != (operatorKey == nil) else {
                throw ValidationError("Say for which node: --node N, or --operator-key FILE of its operator.")
            }
        }

        func run() async throws {
            try await target.with { http in
                let service = try await ServiceConnection(http: http, url: target.service)
                let payment = RewardPayment(
                    service: service, node: try await named(service).number, since: target.since)
                let sealed =
                    if let epoch {
                        try await SealedEpoch(epoch, of: service)
                    } else {
                        try await payment.newestEpoch()
                    }
                let outcome = try await payment.claim(sealed)
                guard !target.json else { return try ChannelOutput.json(outcome) }
                outcome.print(Currency(service.genesis))
            }
        }

        private func named(_ service: ServiceConnection) async throws -> OperatorNode {
            if let node { return try await OperatorNode.numbered(node, service) }
            let key = try await passphrase.key(operatorKey ?? "")
            return try await OperatorNode.run(by: key.address, number: nil, service)
        }
    }
}
