import Payer
import Primitives

/// Attests epochs as they are sealed, until it is cancelled or the service is away for too long.
struct AttestationFollower {
    private static let pauseMax: UInt64 = 60

    /// Seconds between two looks.
    let interval: UInt64
    /// Seconds without an answer after which it gives up.
    let patience: UInt64
    /// Attests an epoch, which goes on from where those before it ended.
    let attest: @Sendable (ResultAttestation, UInt64, inout EpochChain) async throws -> Void
    /// Finds service and node.
    let connect: @Sendable () async throws -> (ResultAttestation, EpochChain)

    /// Goes on until it is cancelled; throws what no retry mends.
    func follow() async throws {
        var known: (attestation: ResultAttestation, chain: EpochChain)?
        var waited: UInt64 = 0
        var pause: UInt64 = 1
        while true {
            do {
                var (attestation, chain) = if let known { known } else { try await connect() }
                for epoch in try await attestation.due() {
                    try await attest(attestation, epoch, &chain)
                    known = (attestation, chain)
                }
                known = (attestation, chain)
                (waited, pause) = (0, 1)
                try await Task.sleep(for: .seconds(interval))
            } catch let error as ClientError where error.mayPass {
                guard waited < patience else {
                    throw OperatorError(
                        "\(error). Given up after \(waited) seconds; start it again once the service answers.")
                }
                ChannelOutput.note("\(error); again in \(pause) s")
                try await Task.sleep(for: .seconds(pause))
                waited = waited.addingClamped(pause)
                pause = min(pause * 2, Self.pauseMax)
            }
        }
    }
}

extension ClientError {
    /// Whether the same request may be answered later.
    var mayPass: Bool {
        switch self {
        case .unreachable: true
        case .problem(let problem): problem.status >= 500 || problem.status == 429
        case .status(let status, _): status >= 500 || status == 429
        case .answer: false
        }
    }
}
