public import Channels
import Logging
public import Primitives
public import Rewards

extension ReplicationNode {
    /// The most topics or messages of one page.
    public static let pageMax = 1_000

    /// What the node is doing.
    public func status() async -> NodeStatus {
        let newest = core.clock.newest
        let figures = await asked("status") { try await $0.figures() }
        let peers = await core.partners.map { core.peers.link(to: $0).status }
        let shards = await core.store.survey().map { core.holdings.status(of: $0) }
        return NodeStatus(
            number: core.number,
            time: newest?.head.time ?? 0,
            epoch: newest?.head.epoch ?? 0,
            events: figures?.events ?? 0,
            messages: figures?.messages ?? 0,
            topics: figures?.topics ?? 0,
            shards: shards,
            floor: figures?.floor ?? UTCDay(number: 0),
            evidence: figures?.evidence ?? 0,
            probedThrough: core.clock.probedThrough,
            peers: peers,
            chains: figures?.chains ?? [],
            isSynced: peers.allSatisfy { peer in
                switch peer.state {
                case .dialling: false
                case .connected: peer.isEqual ?? false
                case .unreachable: true
                }
            }
        )
    }

    /// A page of topics, ascending by id.
    public func topics(after: Bytes32? = nil, limit: Int = pageMax) async -> [TopicSummary] {
        await asked("topics") { try await $0.topics(after: after, limit: Self.page(limit)) } ?? []
    }

    /// A page of a topic's messages, in the order of their charges: no message comes before one that it answers.
    ///
    /// `logged` says when their charges were logged, Unix seconds below 2^63. Equal sets give equal order on every node. A
    /// message that was paid for at the same time as others, and arrives later, takes its place among them, before a cursor
    /// perhaps.
    public func messages(
        in topic: Bytes32,
        after: MessageCursor? = nil,
        logged: ClosedRange<UInt64> = 0...UInt64(Int64.max),
        limit: Int = pageMax
    ) async -> [StoredMessage] {
        await asked("messages") {
            try await $0.messages(in: topic, after: after, logged: logged, limit: Self.page(limit))
        } ?? []
    }

    /// The most receipts of one page.
    public static let receiptsMax = 256

    /// Receipts of the charges above a number whose messages this node holds, ascending by charge: what shows a service that
    /// lost its log what it had charged.
    public func receipts(above charge: UInt64, limit: Int = receiptsMax) async -> [Receipt] {
        await asked("receipts") {
            try await $0.receipts(above: charge, limit: min(max(0, limit), Self.receiptsMax))
        } ?? []
    }

    /// The envelope that an event carries.
    public func envelope(_ eventID: Bytes32) async -> Envelope? {
        await asked("envelope") { try await $0.envelopeBytes(eventID) }.flatMap { $0 }.flatMap {
            Envelope(wireBytes: $0)
        }
    }

    /// An event that is held, with its originator's signature.
    public func event(_ eventID: Bytes32) async -> SignedEvent? {
        guard
            let wire = await asked("event", { try await $0.wireEvents([eventID], bytesMax: 0) })?.first,
            let signature = try? Signature(wire.signature)
        else { return nil }
        return try? SignedEvent(bytes: wire.event, signature: signature)
    }

    /// What this node measured of the others in an epoch so far, signed.
    ///
    /// Throws where the store can't be read: the service keeps the first statement of a node, so nothing is signed that the
    /// node does not know.
    public func observation(of epoch: UInt64) async throws -> (Observation, Signature) {
        let subjects = try await core.store.subjects(of: epoch)
        let observation = Observation(epoch: epoch, observer: core.number, subjects: subjects)
        return (observation, core.configuration.key.sign(core.domain.digest(of: observation.statement)))
    }

    /// Which charges of an epoch this node holds so far, signed; throws as ``observation(of:)`` does.
    public func delivered(in epoch: UInt64) async throws -> (Delivered, Signature) {
        let charges = try await core.store.charges(of: epoch)
        let delivered = Delivered(epoch: epoch, node: core.number, charges: charges)
        return (delivered, core.configuration.key.sign(core.domain.digest(of: delivered.statement)))
    }

    /// How far an originator's chain in a shard goes, as far as it is or was held; `nil` where nothing is known of it.
    public func chainHighest(of originator: UInt32, in shard: Shard = Shard(number: 0)) async -> ChainHead? {
        await asked("chain") { try await $0.chainHead(of: ChainID(originator: originator, shard: shard)) }
            .flatMap { $0 }
    }

    /// Whether this node holds the shard of a topic, and where clients reach the nodes that are assigned to it.
    public func place(ofTopic topic: Bytes32) async -> (isHeld: Bool, shard: Shard, holders: [String]) {
        let shard = core.rules.sharding.shard(ofTopic: topic)
        return (await core.store.held.contains(shard), shard, holders(of: shard))
    }

    /// Where clients reach the nodes that are assigned to a shard, this one left out.
    func holders(of shard: Shard) -> [String] {
        core.holdings.holders(of: shard).filter { $0 != core.number }.compactMap(core.registry.httpEndpoint(of:))
    }

    private static func page(_ limit: Int) -> Int { min(max(0, limit), pageMax) }

    /// Asks the store; a failing disk is logged and answered with nothing.
    private func asked<Answer: Sendable>(
        _ what: String,
        _ question: @Sendable (EventStore) async throws -> Answer
    ) async -> Answer? {
        do {
            return try await question(core.store)
        } catch {
            core.logger.error(
                "the store could not be read",
                metadata: ["store.question": "\(what)", "error": "\(error)"]
            )
            return nil
        }
    }
}
