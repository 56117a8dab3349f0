import Channels
import Primitives
import Testing

@testable import Node

@Suite struct AdmissionRulesTests {
    private let log = TestLog()

    private func refusal(_ wire: WireEvent, rules: AdmissionRules? = nil, log other: TestLog? = nil) -> EventRefusal? {
        let key = SecretKey(seed: 1, label: "node").address
        do throws(EventRefusal) {
            _ = try (rules ?? AdmissionRules(log.genesis)).check(
                wire,
                key: { $0 == 1 ? key : nil },
                isTrusted: { $0.isBy((other ?? log).key.address, in: (other ?? log).domain) }
            )
            return nil
        } catch {
            return error
        }
    }

    @Test func `a good event is admitted, one byte changed anywhere is not`() {
        var originator = TestOriginator(1, log: log)
        _ = originator.next(.sample(1))
        let good = originator.next(.sample(2), links: [originator.previous])
        #expect(refusal(good) == nil)
        var generator = SplitMix64(seed: 5)
        func changed(_ bytes: [UInt8], at offset: Int) -> [UInt8] {
            var bytes = bytes
            bytes[offset] ^= UInt8.random(in: 1...255, using: &generator)
            return bytes
        }
        for offset in good.event.indices {
            let broken = WireEvent(
                event: changed(good.event, at: offset),
                signature: good.signature,
                envelope: good.envelope
            )
            #expect(refusal(broken) != nil, "byte \(offset) of the event")
        }
        for offset in good.signature.indices {
            let broken = WireEvent(
                event: good.event,
                signature: changed(good.signature, at: offset),
                envelope: good.envelope
            )
            let found = refusal(broken)
            #expect(found != nil && found?.isForGood == false, "byte \(offset) of the signature")
        }
        for offset in good.envelope.indices {
            let broken = WireEvent(
                event: good.event,
                signature: good.signature,
                envelope: changed(good.envelope, at: offset)
            )
            let found = refusal(broken)
            #expect(found != nil && found?.isForGood == false, "byte \(offset) of the envelope")
        }
    }

    @Test func `an event cut short or with a byte more is refused`() {
        var originator = TestOriginator(1, log: log)
        let good = originator.next(.sample(1))
        #expect(
            refusal(WireEvent(event: Array(good.event.dropLast()), signature: good.signature, envelope: good.envelope))
                == .form(.truncated)
        )
        #expect(
            refusal(WireEvent(event: good.event + [0], signature: good.signature, envelope: good.envelope))
                == .form(.trailing(count: 1))
        )
        #expect(
            refusal(WireEvent(event: good.event, signature: good.signature, envelope: good.envelope + [0]))
                == .envelopeForm
        )
    }

    @Test func `an originator must be registered and must have signed`() {
        var stranger = TestOriginator(9, log: log)
        #expect(refusal(stranger.next(.sample(1))) == .unregistered(originator: 9))
        var impostor = TestOriginator(1, log: log)
        let good = impostor.next(.sample(2))
        let forged = WireEvent(
            event: good.event,
            signature: SecretKey(seed: 9, label: "node").sign(
                log.domain.digest(of: EventStatement(id: good.id))
            ).bytes,
            envelope: good.envelope
        )
        #expect(refusal(forged) == .eventSignature(originator: 1))
    }

    @Test func `a receipt of another envelope, log or key is refused`() {
        let originator = TestOriginator(1, log: log)
        let envelope = Envelope.sample(1)
        let other = Envelope.sample(2)
        let receipts = log.charge([envelope, other])
        #expect(refusal(originator.event(envelope, receipt: receipts[0], sequence: 1)) == nil)
        #expect(
            refusal(originator.event(envelope, receipt: receipts[1], sequence: 1)) == .receipt(.otherEnvelope)
        )
        let elsewhere = TestLog(seed: 2)
        #expect(
            refusal(originator.event(envelope, receipt: elsewhere.charge([envelope])[0], sequence: 1))
                == .receipt(.otherLog)
        )
        let head = receipts[0].head.head
        let forgedHead = SignedHead(
            head: head,
            signature: elsewhere.key.sign(log.domain.digest(of: head.statement))
        )
        let forged = Receipt(
            leaf: receipts[0].leaf,
            charge: receipts[0].charge,
            head: forgedHead,
            path: receipts[0].path
        )
        #expect(refusal(originator.event(envelope, receipt: forged, sequence: 1)) == .receipt(.headSignature))
        let lost = Receipt(
            leaf: receipts[0].leaf,
            charge: receipts[0].charge,
            head: receipts[0].head,
            path: [.zero]
        )
        #expect(refusal(originator.event(envelope, receipt: lost, sequence: 1)) == .receipt(.path))
    }

    @Test func `a charge for another size or day, or logged after its own deadline, is refused`() {
        let envelope = Envelope.sample(1)
        let good = log.charge([envelope])[0]
        func found(bytes: UInt32? = nil, expiry: UInt32? = nil, publishBy: UInt64? = nil) -> EventRefusal? {
            let charge = Charge(
                number: 1,
                epoch: 1,
                commitment: .zero,
                envelopeHash: envelope.hash,
                bytes: bytes ?? good.charge.bytes,
                expiryDay: expiry.map { UTCDay(number: $0) } ?? good.charge.expiryDay,
                schedule: 1,
                price: good.charge.price,
                publishBy: publishBy ?? good.charge.publishBy
            )
            let receipt = Receipt(leaf: good.leaf, charge: charge, head: good.head, path: good.path)
            do throws(EventRefusal) {
                try AdmissionRules(log.genesis).check(receipt, paysFor: envelope.head, hash: envelope.hash)
                return nil
            } catch {
                return error
            }
        }
        #expect(found() == nil)
        #expect(found(bytes: 65) == .size(charged: 65, found: 64))
        #expect(
            found(expiry: 20_601)
                == .expiry(charged: UTCDay(number: 20_601), found: UTCDay(number: 20_600))
        )
        #expect(
            found(publishBy: good.leaf.time - 1) == .late(logged: good.leaf.time, publishBy: good.leaf.time - 1)
        )
        #expect(found(publishBy: good.leaf.time) == nil)
    }
}
