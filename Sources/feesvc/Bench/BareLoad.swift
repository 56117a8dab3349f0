import Channels
import Primitives

/// What a machine does to latencies by itself: the pace and the processor time of a load, spent on bare recoveries.
///
/// Whoever shares the machine's processors delays this as it delays the service, so a latency is to be read beside it.
struct BareLoad {
    let connections: Int
    /// Requests a second.
    let pace: Double
    /// Recoveries that cost as much as a request does to service and PostgreSQL.
    let recoveries: Int

    /// The latencies of the requests of `seconds`, each from when it was due.
    func run(seconds: Double, domain: EIP712Domain) async throws -> VoucherLoad.Outcome {
        let key = SecretKey(seed: 1, label: "bare load")
        let digest = domain.digest(of: ChannelQuery(channelID: .zero, time: 1))
        let signature = key.sign(digest)
        let clock = ContinuousClock()
        let begin = clock.now
        let count = Int(seconds * pace)
        var outcome = VoucherLoad.Outcome()
        outcome.latencies = try await withThrowingTaskGroup(of: [Double].self) { group in
            for first in 0..<connections {
                group.addTask {
                    var own: [Double] = []
                    for place in stride(from: first, to: count, by: connections) {
                        let due = begin + .seconds(Double(place) / pace)
                        if due > clock.now { try await clock.sleep(until: due) }
                        for _ in 0..<recoveries { _ = try signature.recover(digest) }
                        own.append(Double(due.duration(to: clock.now) / .microseconds(1)) / 1e6)
                    }
                    return own
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        outcome.seconds = Double(begin.duration(to: clock.now) / .milliseconds(1)) / 1_000
        return outcome
    }
}
