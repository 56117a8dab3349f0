import Channels
import Primitives

/// What a probe and a challenge are answered with.
enum ProbeProofs {
    /// `SHA(tagged "feesvc/probe/1": b32 nonce, u32 answerer)`.
    static func probe(nonce: Bytes32, answerer: UInt32) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/probe/1")
        encoder.append(nonce)
        encoder.append(answerer)
        return SHA256.hash(encoder.bytes)
    }

    /// `SHA(tagged "feesvc/challenge/1": b32 nonce, bytes envelope)`: only who has every byte at hand can answer.
    static func challenge(nonce: Bytes32, envelope: [UInt8]) -> Bytes32 {
        Possession.answer(nonce: nonce, envelope: envelope)
    }

    /// Where in the space of ids an observer looks for the events that it challenges a peer with.
    static func points(seed: UInt64, day: UTCDay, observer: UInt32, subject: UInt32, count: Int) -> [Bytes32] {
        var mixer = SplitMix64(seed: seed)
        // Each input is mixed in before the next, so that neighbouring days and nodes share no sequence.
        for input in [UInt64(day.number), UInt64(observer), UInt64(subject)] {
            mixer = SplitMix64(seed: mixer.next() ^ input)
        }
        return (0..<count).map { _ in
            var writer = WireWriter()
            for _ in 0..<4 { writer.append(mixer.next() as UInt64) }
            return Bytes32(writer.bytes) ?? .zero
        }
    }
}
