public import Channels
public import Primitives

/// Why an operator's node does not publish or show a message.
public enum DenyReason: Hashable, Sendable {
    /// Its topic is on the list.
    case topic(Bytes32)
    /// The owner of its closed topic, or its author, is.
    case address(Address)
    /// The node that admitted it is.
    case originator(UInt32)
}

/// What one operator's node neither publishes nor shows to its clients.
///
/// It says nothing about what the node holds: paid messages are replicated all the same. Were they not, nodes would differ
/// for good, and this one would fail the others' challenges.
public struct DenyList: Hashable, Sendable {
    /// Topics.
    public let topics: Set<Bytes32>
    /// Owners of closed topics, and authors in them; nobody knows who publishes in an open one.
    public let addresses: Set<Address>
    /// Nodes whose own events are not shown.
    public let originators: Set<UInt32>

    /// A list that denies nothing.
    public static let empty = DenyList(topics: [], addresses: [], originators: [])

    /// Makes a list.
    public init(topics: Set<Bytes32>, addresses: Set<Address>, originators: Set<UInt32>) {
        self.topics = topics
        self.addresses = addresses
        self.originators = originators
    }

    /// How many entries it has.
    public var count: Int { topics.count + addresses.count + originators.count }

    /// Why a message is denied; `nil` where it is not. `originator` is `nil` where the message is no event yet.
    public func reason(against envelope: Envelope, originator: UInt32?) -> DenyReason? {
        let topic = envelope.head.topic
        if topics.contains(topic) { return .topic(topic) }
        if let originator, originators.contains(originator) { return .originator(originator) }
        guard !addresses.isEmpty, ClosedTopic.isClosed(topic),
            let payload = try? AuthoredPayload(canonicalBytes: envelope.payload)
        else { return nil }
        for address in [payload.topic.owner, payload.author] where addresses.contains(address) {
            return .address(address)
        }
        return nil
    }
}
