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
    /// `previous` is not the originator's event before this one.
    case otherPrevious
    /// A link is of another topic.
    case linkTopic(link: Bytes32)
    /// The originator has an event for the same charge already.
    case chargeAgain(charge: UInt64, held: Bytes32)
    /// The originator has another event on the same sequence: both are kept as evidence.
    case secondOnSequence(sequence: UInt64, held: Bytes32)
    /// An ancestor was refused for good.
    case refusedAncestor

    /// Whether the event's own bytes decide it, so that the id need never be asked for again.
    ///
    /// A bad signature or payload says something about who sent it only: the id does not commit to them, and
    /// remembering it would let anybody censor an event by sending a broken copy first.
    var isForGood: Bool {
        switch self {
        case .unregistered, .signatureForm, .eventSignature, .envelopeForm, .otherEnvelope, .receipt(.headSignature):
            false
        default: true
        }
    }
}
