import Channels
import Primitives

@testable import Node

/// A node in miniature that only signs events: honest ones, and those that no honest node would.
struct TestOriginator {
    let number: UInt32
    let key: SecretKey
    let log: TestLog
    var sequence: UInt64 = 0
    var previous = Bytes32.zero

    init(_ number: UInt32, log: TestLog) {
        self.number = number
        self.log = log
        key = SecretKey(seed: UInt64(number), label: "node")
    }

    /// The next event of the chain.
    mutating func next(_ envelope: Envelope, links: [Bytes32] = []) -> WireEvent {
        next(envelope, receipt: log.charge([envelope])[0], links: links)
    }

    /// The next event of the chain, for a charge that is there.
    mutating func next(_ envelope: Envelope, receipt: Receipt, links: [Bytes32] = []) -> WireEvent {
        let wire = event(envelope, receipt: receipt, sequence: sequence + 1, links: links)
        sequence += 1
        previous = wire.id
        return wire
    }

    /// An event on any sequence, after the current one.
    func event(
        _ envelope: Envelope,
        receipt: Receipt,
        sequence: UInt64,
        links: [Bytes32] = []
    ) -> WireEvent {
        let event = Event(
            originator: number,
            sequence: sequence,
            previous: sequence == 1 ? .zero : previous,
            topic: envelope.head.topic,
            links: links,
            envelopeHash: envelope.hash,
            receipt: receipt.canonicalBytes
        )
        return WireEvent(SignedEvent(event: event, key: key, domain: log.domain), envelope)
    }
}

extension TestLog {
    /// Chains of events that were never signed, for rules that come after the check of signatures.
    func unsignedChain(
        _ originator: UInt32,
        count: Int,
        topic: UInt64 = 1,
        firstSample: UInt64 = 1,
        sharding: Sharding = .none
    ) -> [CheckedEvent] {
        let signature = key.sign(.zero)
        let envelopes = (0..<count).map {
            Envelope.sample(firstSample + UInt64($0), topic: topic, bytes: 16, shardBits: sharding.bits)
        }
        var previous = Bytes32.zero
        return zip(envelopes, charge(envelopes)).enumerated().map { place, paid in
            let (envelope, receipt) = paid
            let event = Event(
                originator: originator,
                sequence: UInt64(place) + 1,
                previous: previous,
                topic: envelope.head.topic,
                links: place == 0 ? [] : [previous],
                envelopeHash: envelope.hash,
                receipt: receipt.canonicalBytes
            )
            let signed = SignedEvent(event: event, signature: signature)
            previous = signed.id
            return CheckedEvent(
                signed: signed, wire: WireEvent(signed, envelope), receipt: receipt, deletion: nil, sharding: sharding)
        }
    }
}

extension Sequence {
    /// The same elements in an order that a seed decides.
    func shuffled(seed: UInt64) -> [Element] {
        var generator = SplitMix64(seed: seed)
        return shuffled(using: &generator)
    }
}
