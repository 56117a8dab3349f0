import Channels
import Primitives

/// What recovering one signer costs by itself.
enum RawRecovery {
    private static let signatures = 2_000

    /// Microseconds of processor time of one recovery; the best of five rounds.
    static func microseconds(domain: EIP712Domain) -> Double {
        let key = SecretKey(seed: 1, label: "recovery")
        let signed = (0..<signatures).map { number in
            let digest = domain.digest(of: ChannelQuery(channelID: .zero, time: UInt64(number)))
            return (digest, key.sign(digest))
        }
        return (0..<5).map { _ in
            let begin = ProcessorTime.thread
            let good = signed.count { (try? $1.recover($0)) == key.address }
            precondition(good == signatures, "a signature recovers to its signer")
            return (ProcessorTime.thread - begin) / Double(signatures) * 1e6
        }.min() ?? 0
    }
}
