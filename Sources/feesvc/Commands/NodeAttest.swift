import ArgumentParser
import AsyncHTTPClient
import NIOCore
import Payer
import Primitives

/// What commands of a node's operator ask a fee service with.
struct OperatorService: ParsableArguments {
    @Option(help: "The fee service.")
    var service = "http://127.0.0.1:8080"
    @Flag(help: "Print JSON, of attest a line an epoch.")
    var json = false
    @Option(
        help: """
            Recompute from this epoch on, each from where the one before ended; 1 takes nothing on the service's word. \
            Default: only what is wanted, from the state before it as the service has it.
            """)
    var since: UInt64?

    func validate() throws {
        guard since != 0 else { throw ValidationError("--since is an epoch, from 1 on.") }
    }

    /// Runs with a client whose requests for large files may take long, but not stand still, until a signal comes.
    ///
    /// - Parameter isEndless: a signal is the command's regular end.
    func with(isEndless: Bool = false, _ body: @Sendable @escaping (HTTPClient) async throws -> Void) async throws {
        try await Presentation.reportingErrors {
            var configuration = HTTPClient.Configuration.promptlyFailing
            configuration.timeout.read = .seconds(600)
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            do {
                try await Interruption.orEnd { try await body(http) }
            } catch is Interruption {
                try await http.shutdown()
                guard isEndless else { throw ExitCode(130) }
                return
            } catch {
                try? await http.shutdown()
                if json, let disagreement = error as? Disagreement { print(try ChannelOutput.line(disagreement)) }
                throw error
            }
            try await http.shutdown()
        }
    }
}

extension NodeCommand {
    /// `feesvc node attest`.
    struct Attest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Recompute sealed epochs from their public inputs, and sign the results that agree.",
            discussion: """
                Downloads an epoch's inputs, replays its log leaf by leaf, recomputes pool, rewards and root, and compares all \
                of it with what the service sealed. Only where every figure agrees is the result signed with the operator's key. \
                Where one differs nothing is signed: the figures are named with both values, and the exit status is 1. \
                With --since 1 every epoch is recomputed from the first on, and nothing is taken on the service's word.

                Once operators with more than two thirds of the stake have signed, rewards can be claimed (feesvc node claim). \
                Sign before the next edge: attesting counts for your quality only in the epoch in which the result was logged. \
                Signing again is harmless. What was signed is noted in a file beside the key, and a second result of an epoch is \
                never signed: it would be evidence against you.

                  feesvc node attest --service $URL --operator-key operator.key --since 1
                  feesvc node attest --service $URL --operator-key operator.key --epoch 3 --json
                  feesvc node attest --service $URL --operator-key operator.key --follow
                """)

        @OptionGroup var target: OperatorService
        @Option(help: "The operator's key file.")
        var operatorKey: String
        @OptionGroup var passphrase: PassphraseOptions
        @Option(help: "The epoch; default: every sealed one that waits for this operator's signature.")
        var epoch: UInt64?
        @Option(help: "The node that is meant; refused where the key is another's.")
        var node: UInt32?
        @Option(help: "Where to note what was signed; default: the key file's name and .attested. Never remove it.")
        var record: String?
        @Flag(help: "Go on: sign each epoch once it is sealed, a line each, until SIGTERM.")
        var follow = false
        @Option(help: "With --follow: seconds between two looks.")
        var interval: UInt64 = 30
        @Option(help: "With --follow: end after so many seconds in which the service did not answer.")
        var patience: UInt64 = 3_600

        func validate() throws {
            guard !follow || epoch == nil else { throw ValidationError("--follow attests all; leave --epoch out.") }
            guard interval > 0 else { throw ValidationError("--interval is at least 1.") }
        }

        func run() async throws {
            try await target.with(isEndless: follow) { http in
                let key = try await passphrase.key(operatorKey)
                guard follow else {
                    var (attestation, chain) = try await connect(http, key)
                    return try await attestOnce(attestation, &chain)
                }
                try await AttestationFollower(interval: interval, patience: patience) { attestation, epoch, chain in
                    try await attest(epoch, attestation, &chain)
                } connect: {
                    try await connect(http, key)
                }.follow()
            }
        }

        private func connect(_ http: HTTPClient, _ key: SecretKey) async throws -> (ResultAttestation, EpochChain) {
            let service = try await ServiceConnection(http: http, url: target.service)
            let attestation = ResultAttestation(
                service: service, key: key,
                node: try await OperatorNode.run(by: key.address, number: node, service),
                record: SignedResults(path: record ?? operatorKey + ".attested"))
            return (attestation, EpochChain(service, since: target.since))
        }

        private func attestOnce(_ attestation: ResultAttestation, _ chain: inout EpochChain) async throws {
            if let epoch { return try await attest(epoch, attestation, &chain) }
            let due = try await attestation.due()
            if due.isEmpty {
                ChannelOutput.note(
                    "No sealed epoch waits for the signature of node \(attestation.node.number)'s operator. The open epoch is "
                        + "\(try await attestation.service.openEpoch()).")
            }
            for epoch in due { try await attest(epoch, attestation, &chain) }
        }

        private func attest(
            _ epoch: UInt64, _ attestation: ResultAttestation, _ chain: inout EpochChain
        ) async throws {
            let (outcome, quorum) = try await attestation.attest(epoch, in: &chain)
            ChannelOutput.result(
                target.json
                    ? try ChannelOutput.line(outcome)
                    : outcome.text(quorum, Currency(attestation.service.genesis)))
        }
    }
}
