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

    /// Runs with a client whose requests for large files may take long, but not stand still.
    func with(_ body: (HTTPClient) async throws -> Void) async throws {
        try await Presentation.reportingErrors {
            var configuration = HTTPClient.Configuration.promptlyFailing
            configuration.timeout.read = .seconds(120)
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            do {
                try await body(http)
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
                Where one differs nothing is signed: the figures are named with both values, and the exit status is 1.

                Once operators with more than two thirds of the stake have signed, rewards can be claimed (feesvc node claim). \
                Sign before the next edge: attesting counts for your quality only in the epoch in which the result was logged. \
                Signing again is harmless. What was signed is noted in a file beside the key, and a second result of an epoch is \
                never signed: it would be evidence against you.

                  feesvc node attest --service https://fees.example --operator-key operator.key
                  feesvc node attest --service https://fees.example --operator-key operator.key --epoch 3 --json
                  feesvc node attest --service https://fees.example --operator-key operator.key --follow
                """)

        @OptionGroup var target: OperatorService
        @Option(help: "The operator's key file.")
        var operatorKey: String
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
            try await target.with { http in
                let key = try KeyFile.read(operatorKey)
                guard follow else {
                    return try await attestOnce(try await connect(http, key))
                }
                try await AttestationFollower(interval: interval, patience: patience) { attestation, due in
                    for epoch in due { try await attest(epoch, attestation) }
                } connect: {
                    try await connect(http, key)
                }.untilStopped()
            }
        }

        private func connect(_ http: HTTPClient, _ key: SecretKey) async throws -> ResultAttestation {
            let service = try await ServiceConnection(http: http, url: target.service)
            return ResultAttestation(
                service: service, key: key,
                node: try await OperatorNode.run(by: key.address, number: node, service),
                record: SignedResults(path: record ?? operatorKey + ".attested"))
        }

        private func attestOnce(_ attestation: ResultAttestation) async throws {
            if let epoch { return try await attest(epoch, attestation) }
            let due = try await attestation.due()
            if due.isEmpty {
                ChannelOutput.note(
                    "No sealed epoch waits for the signature of node \(attestation.node.number)'s operator. The open epoch is "
                        + "\(try await attestation.service.openEpoch()).")
            }
            for epoch in due { try await attest(epoch, attestation) }
        }

        private func attest(_ epoch: UInt64, _ attestation: ResultAttestation) async throws {
            let (outcome, quorum) = try await attestation.attest(epoch)
            ChannelOutput.result(
                target.json
                    ? try ChannelOutput.line(outcome)
                    : outcome.text(quorum, Currency(attestation.service.genesis)))
        }
    }
}
