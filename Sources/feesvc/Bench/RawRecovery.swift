import Channels
import Foundation
import Primitives

/// What recovering one signer costs by itself.
enum RawRecovery {
    private static let signatures = 2_000

    /// Microseconds of processor time of one recovery; the best of five rounds.
    static func microseconds(domain: EIP712Domain) -> Double {
        let signed = signed(domain)
        return (0..<5).map { _ in
            let begin = ProcessorTime.thread
            recover(signed)
            return (ProcessorTime.thread - begin) / Double(signatures) * 1e6
        }.min() ?? 0
    }

    /// Seconds by the clock of one recovery where every processor recovers without pause, for about two seconds: a shared
    /// machine gives less to each of several than to one.
    static func secondsOnAllProcessors(domain: EIP712Domain) throws -> Double {
        let signed = signed(domain)
        let (rounds, processors) = (16, ProcessInfo.processInfo.activeProcessorCount)
        let elapsed = try ContinuousClock().measure {
            try Parallel.forEach(processors) { _ in
                for _ in 0..<rounds { recover(signed) }
            }
        }
        return elapsed / .seconds(1) / Double(rounds * signatures * processors)
    }

    private static let key = SecretKey(seed: 1, label: "recovery")

    private static func signed(_ domain: EIP712Domain) -> [(Bytes32, Signature)] {
        (0..<signatures).map { number in
            let digest = domain.digest(of: ChannelQuery(channelID: .zero, time: UInt64(number)))
            return (digest, key.sign(digest))
        }
    }

    private static func recover(_ signed: [(Bytes32, Signature)]) {
        let good = signed.count { (try? $1.recover($0)) == key.address }
        precondition(good == signatures, "a signature recovers to its signer")
    }
}
