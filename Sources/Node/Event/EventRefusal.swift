public import Channels
public import Primitives

/// Why an event is not admitted.
public enum EventRefusal: Error, Hashable, Sendable {
    /// The bytes are not an event.
    case form(CanonicalError)
    /// The 65 bytes beside it are not a signature.
    case signatureForm
    /// The originator is not in the registry that this node has seen.
    case unregistered(originator: UInt32)
    /// The originator's key did not sign the id.
    case eventSignature(originator: UInt32)
    /// The bytes beside it are not an envelope.
    case envelopeForm
    /// The envelope beside it, or the receipt inside it, is of another envelope than the event names.
    case otherEnvelope
    /// The envelope belongs to another topic.
    case otherTopic
    /// The envelope is for a network with another number of shards.
    case shards(found: UInt8, expected: UInt8)
    /// Its topic is in a shard that this node does not hold.
    case foreign(Shard)
    /// The receipt proves nothing.
    case receipt(ReceiptRefusal)
    /// The payload has another size than was paid for.
    case size(charged: UInt32, found: UInt32)
    /// The envelope expires on another day than was paid for.
    case expiry(charged: UTCDay, found: UTCDay)
    /// The charge was logged after its own deadline.
    case late(logged: UInt64, publishBy: UInt64)
    /// A number of the charge is above 2^63 − 1.
    case chargeRange
    /// The charge names a day of expiry that is not after the day on which it was logged.
    case expired(expiry: UTCDay, logged: UTCDay)
    /// The charge names a later day of expiry than any schedule allows.
    case retention(expiry: UTCDay, last: UTCDay)
    /// The message has expired, and every node has dropped what expired before the floor.
    case evicted(expiry: UTCDay, floor: UTCDay)
    /// The topic is closed, and nothing shows that the message's author may publish there.
    case author(AuthorRefusal)
    /// The order to delete that came instead of the payload is not the topic's owner's.
    case deletion(DeletionRefusal)
    /// The event on this sequence names another predecessor than the one that is held: both are held and are evidence.
    case otherPrevious(sequence: UInt64, held: Bytes32)
    /// The originator has an event for the same charge already.
    case chargeAgain(charge: UInt64, held: Bytes32)
    /// The originator has another event on the same sequence: both are held and are evidence.
    case secondOnSequence(sequence: UInt64, held: Bytes32)

    /// Whether the event's own bytes decide it, so that the id need never be asked for again.
    ///
    /// A bad signature or payload says something about who sent it only: the id does not commit to them, and
    /// remembering it would let anybody censor an event by sending a broken copy first. Neither is an event refused for good by
    /// its topic's rule: with the owner's order to delete beside it, it is admitted.
    var isForGood: Bool {
        switch self {
        case .unregistered, .signatureForm, .eventSignature, .envelopeForm, .otherEnvelope, .receipt(.headSignature),
            .author, .deletion, .secondOnSequence, .otherPrevious, .foreign:
            false
        default: true
        }
    }
}
