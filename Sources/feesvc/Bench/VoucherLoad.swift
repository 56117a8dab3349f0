import AsyncHTTPClient
import Foundation
import Payer

/// Sends prepared requests over many connections and measures what comes back.
struct VoucherLoad {
    /// What one run measured.
    struct Outcome {
        var accepted = 0
        var refused = 0
        var seconds = 0.0
        var latencies: [Double] = []
        var service = 0.0
        var postgres = 0.0
        var client = 0.0
        /// What the machine's processors did besides.
        var others = 0.0

        /// Vouchers accepted a second.
        var rate: Double { seconds > 0 ? Double(accepted) / seconds : 0 }

        /// Microseconds of processor time of service and PostgreSQL for each voucher that was answered.
        var microsecondsEach: Double { (service + postgres) / Double(max(1, accepted + refused)) * 1e6 }

        /// The latency below which a part of the requests stayed, in milliseconds.
        func latency(_ part: Double) -> Double {
            guard !latencies.isEmpty else { return 0 }
            let sorted = latencies.sorted()
            return sorted[min(sorted.count - 1, Int(part * Double(sorted.count)))] * 1_000
        }
    }

    let service: BenchService
    let connections: Int
    /// Requests a second over all connections; `nil` sends as fast as answers come.
    var pace: Double?

    /// Sends every request once; ends after `seconds` at the latest. Requests that are not to be answered are refused as a
    /// whole.
    func run(_ requests: [[UInt8]], seconds: Double, isAnswered: Bool = true) async throws -> Outcome {
        let clock = ContinuousClock()
        let before = try service.processorSeconds
        let client = ProcessorTime.own
        let machine = ProcessorTime.machine
        let begin = clock.now
        let deadline = begin + .seconds(seconds)
        var outcome = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for first in 0..<connections {
                group.addTask {
                    var own = Outcome()
                    for place in stride(from: first, to: requests.count, by: connections) {
                        guard clock.now < deadline else { break }
                        if let pace {
                            let due = begin + .seconds(Double(place) / pace)
                            if due > clock.now { try await clock.sleep(until: due) }
                        }
                        try await send(requests[place], isAnswered: isAnswered, clock, &own)
                    }
                    return own
                }
            }
            return try await group.reduce(into: Outcome()) { sum, part in
                sum.accepted += part.accepted
                sum.refused += part.refused
                sum.latencies += part.latencies
            }
        }
        outcome.seconds = Double(begin.duration(to: clock.now) / .milliseconds(1)) / 1_000
        let after = try service.processorSeconds
        outcome.service = after.service - before.service
        outcome.postgres = after.postgres - before.postgres
        outcome.client = ProcessorTime.own - client
        outcome.others = max(
            0, ProcessorTime.machine - machine - outcome.service - outcome.postgres - outcome.client)
        return outcome
    }

    private func send(
        _ bytes: [UInt8], isAnswered: Bool, _ clock: ContinuousClock, _ outcome: inout Outcome
    ) async throws {
        let sent = clock.now
        let answer: [UInt8]
        do {
            answer = try await service.connection.client.exchange("/v1/vouchers", bytes: bytes)
        } catch ClientError.problem where !isAnswered {
            answer = []
        }
        outcome.latencies.append(Double(sent.duration(to: clock.now) / .microseconds(1)) / 1e6)
        guard isAnswered else { return }
        for result in try VoucherFrames.Answer(answer).results {
            if case .charged = result { outcome.accepted += 1 } else { outcome.refused += 1 }
        }
    }
}
