public import Channels
public import Primitives

/// A message with the place at which it came to this node: a cursor of this node alone.
public struct ArrivedMessage: Hashable, Sendable {
    /// Ascending in the order of arrival.
    public let arrival: Int64
    /// The message.
    public let message: StoredMessage
}

/// Where an event is, as a node sees it.
public enum EventStanding: Hashable, Sendable {
    /// An event that is held.
    public struct Held: Hashable, Sendable {
        /// Who admitted it to the network.
        public let originator: UInt32
        /// Its place in that node's chain.
        public let sequence: UInt64
        /// Its topic.
        public let topic: Bytes32
        /// The epoch of its charge.
        public let epoch: UInt64
        /// Its charge's number.
        public let charge: UInt64
        /// When it came, among all events of this node.
        public let arrival: Int64
    }

    /// It is held.
    case held(Held)
    /// It was refused lately.
    case refused
    /// Nothing is known of it.
    case unknown
}

extension ReplicationNode {
    /// A page of a topic's messages in the order of their arrival at this node.
    ///
    /// Nothing comes twice or is left out however often the connection breaks, as long as the cursor is of this node. Throws where
    /// the store can't be read.
    public func arrivals(
        in topic: Bytes32, after arrival: Int64, limit: Int = pageMax
    ) async throws -> [ArrivedMessage] {
        try await core.store.arrivals(in: topic, after: arrival, limit: min(max(0, limit), Self.pageMax))
    }

    /// The arrival of the newest event that is held; 0 where there is none.
    public func newestArrival() async throws -> Int64 { try await core.store.lastArrival() }

    /// Begins to watch for events that come.
    public func watchAdmissions() -> AdmissionWatch { core.admissions.watch() }

    /// The node's number.
    public var number: UInt32 { core.number }

    /// The bytes of the envelope that an event carries, `bytes head, bytes payload`; `nil` where the event is not held.
    public func envelopeBytes(of event: Bytes32) async throws -> [UInt8]? { try await core.store.envelopeBytes(event) }

    /// What shows that this node stores an event's envelope: an answer to the asker's nonce, made of the bytes on its disk, signed.
    public func possession(of event: Bytes32, nonce: Bytes32) async throws -> (Possession, Signature)? {
        guard let envelope = try await core.store.envelopeBytes(event) else { return nil }
        let possession = Possession(
            node: core.number, event: event, nonce: nonce,
            answer: Possession.answer(nonce: nonce, envelope: envelope), time: core.clock.time)
        return (possession, core.configuration.key.sign(core.domain.digest(of: possession.statement)))
    }

    /// Where an event is, or what became of it.
    public func standing(of event: Bytes32) async throws -> EventStanding { try await core.store.standing(of: event) }
}
