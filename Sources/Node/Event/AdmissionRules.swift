import Channels
import Primitives

/// An event of which everything is known that its own bytes can tell.
struct CheckedEvent: Hashable, Sendable {
    let signed: SignedEvent
    let wire: WireEvent
    let charge: Charge
    /// When the charge was logged, Unix seconds of the log's time.
    let logged: UInt64
    let head: SignedHead
    /// The order of the topic's owner that came instead of the payload.
    let deletion: Deletion?
    /// Where it is in its originator's chain.
    let place: EventPlace

    init(signed: SignedEvent, wire: WireEvent, receipt: Receipt, deletion: Deletion?, sharding: Sharding) {
        place = signed.event.place(sharding)
        self.signed = signed
        self.wire = wire
        charge = receipt.charge
        logged = receipt.leaf.time
        head = receipt.head
        self.deletion = deletion
    }

    /// The day on which the message has expired.
    var expiry: UTCDay { charge.expiryDay }
    var id: Bytes32 { signed.id }
    var event: Event { signed.event }
    /// The shard of its topic.
    var shard: Shard { place.shard }
}

extension UInt32 {
    fileprivate func addingClamped(_ other: UInt32) -> UInt32 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? .max : sum
    }
}

/// The rules of admission that need nothing but signed bytes. Cheap checks come first.
struct AdmissionRules: Sendable {
    let logID: Bytes32
    let domain: EIP712Domain
    let sharding: Sharding

    init(_ genesis: Genesis) {
        sharding = genesis.sharding
        logID = genesis.logID
        domain = genesis.domain
    }

    /// Checks an event from anywhere: form, receipt, envelope, the topic's rule, then the signatures.
    ///
    /// `key` gives the registered key of a node; `isTrusted` tells whether the log key's signature on a head is known
    /// to be good or finds out.
    func check(
        _ wire: WireEvent,
        key: (UInt32) -> Address?,
        isTrusted: (SignedHead) -> Bool
    ) throws(EventRefusal) -> CheckedEvent {
        guard let signature = try? Signature(wire.signature) else { throw .signatureForm }
        let signed: SignedEvent
        do {
            signed = try SignedEvent(bytes: wire.event, signature: signature)
        } catch {
            throw .form(error)
        }
        let event = signed.event
        guard let originatorKey = key(event.originator) else { throw .unregistered(originator: event.originator) }
        let receipt: Receipt
        do {
            receipt = try Receipt(canonicalBytes: event.receipt)
        } catch {
            throw .receipt(error)
        }
        let deletion = wire.deletion
        let envelope = deletion == nil ? Envelope(wireBytes: wire.envelope) : nil
        guard let head = deletion?.head ?? envelope?.head else { throw .envelopeForm }
        guard head.hash == event.envelopeHash else { throw .otherEnvelope }
        guard head.topic == event.topic else { throw .otherTopic }
        try check(receipt, paysFor: head, hash: event.envelopeHash)
        let author = try author(of: envelope, in: receipt)
        guard signed.isBy(originatorKey, in: domain) else { throw .eventSignature(originator: event.originator) }
        guard isTrusted(receipt.head) else { throw .receipt(.headSignature) }
        try checkSignatures(author)
        if let deletion {
            do throws(DeletionRefusal) {
                try deletion.check(domain: domain)
            } catch {
                throw .deletion(error)
            }
        }
        return CheckedEvent(signed: signed, wire: wire, receipt: receipt, deletion: deletion, sharding: sharding)
    }

    /// Checks that a receipt pays for an envelope, the head's signature left out.
    func check(_ receipt: Receipt, paysFor head: EnvelopeHead, hash: Bytes32) throws(EventRefusal) {
        let charge = receipt.charge
        guard head.shardBits == sharding.bits else { throw .shards(found: head.shardBits, expected: sharding.bits) }
        guard charge.envelopeHash == hash else { throw .receipt(.otherEnvelope) }
        guard charge.bytes == head.payloadBytes else { throw .size(charged: charge.bytes, found: head.payloadBytes) }
        guard charge.expiryDay == head.expiryDay else {
            throw .expiry(charged: charge.expiryDay, found: head.expiryDay)
        }
        guard receipt.leaf.time <= charge.publishBy else {
            throw .late(logged: receipt.leaf.time, publishBy: charge.publishBy)
        }
        let logged = UTCDay(containing: receipt.leaf.time)
        // Below it a floor would drop messages of epochs that are not sealed.
        guard charge.expiryDay > logged else { throw .expired(expiry: charge.expiryDay, logged: logged) }
        let last = UTCDay(number: logged.number.addingClamped(ScheduleBounds.retentionDays.upperBound))
        guard charge.expiryDay <= last else { throw .retention(expiry: charge.expiryDay, last: last) }
        let limit = UInt64(Int64.max)
        guard charge.number <= limit, charge.epoch <= limit else { throw .chargeRange }
        do {
            try receipt.checkPath(logID: logID)
        } catch {
            throw .receipt(error)
        }
    }
}
