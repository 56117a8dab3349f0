public import Channels
public import Logging
import Primitives

/// The replication engine of one node: a store, the peers, and what keeps them equal.
///
/// `init` opens the store, ``bind()`` takes the port, ``run()`` serves and heals until its task is cancelled.
/// Everything else may be called from any task, before and while it runs.
public final class ReplicationNode: Sendable {
    let core: NodeCore
    private let listening = Listening()

    /// Opens the store in the data directory, or creates it; refuses another node's or network's.
    public init(_ configuration: NodeConfiguration, logger: Logger) async throws(NodeError) {
        var logger = logger
        logger[metadataKey: "node.number"] = "\(configuration.number)"
        core = try await NodeCore(configuration, logger: logger)
    }

    /// Binds the peer port and returns it; once is enough, ``run()`` does it where it was not done.
    public func bind() async throws(NodeError) -> Int { try await listening.listener(core.configuration).port }

    /// Serves and dials peers, pushes, reconciles and probes.
    ///
    /// Throws ``NodeError/keyInUse(node:place:)`` where most peers serve another process with this node's key and this one
    /// has signed no event yet.
    ///
    /// All work lies in this task's children. It returns when the task is cancelled; then every connection and the port
    /// are closed. The store stays open for questions until ``close()`` or until the node is dropped.
    public func run() async throws {
        let listener = try await listening.start(core.configuration)
        let result: Result<Void, any Error>
        do {
            result = .success(try await serve(listener))
        } catch {
            result = .failure(error)
        }
        await listening.stop()
        if !Task.isCancelled { try result.get() }
    }

    private func serve(_ listener: PeerListener) async throws {
        core.logger.info("node serves peers", metadata: ["peer.port": "\(listener.port)"])
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [core] in try await listener.run(core) }
            group.addTask { [core] in await Self.dial(core) }
            group.addTask { [core] in await ProbeRunner(core: core).run() }
            group.addTask { [core] in await Eviction(core: core).run() }
            group.addTask { [core] in await ShardKeeper(core: core).run() }
            group.addTask { [core] in try await core.gate.watch(core.number, patience: core.limits.twinPatience) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Closes the store, and the port where ``run()`` never took it. Whatever is asked afterwards is empty or refused.
    public func close() async {
        await listening.close()
        await core.store.close()
    }

    /// Takes the registry in: who the peers are, and whose events are admitted. Entries without both signatures are
    /// left out.
    ///
    /// `members` are the nodes of the open epoch's snapshot: shards are assigned among them. Without any, all registered nodes take
    /// their place. `epoch` is that epoch: no shard is let go of while the newest head is of another.
    public func update(registry: [RegisteredNode], members: [UInt32] = [], of epoch: UInt64? = nil) async {
        let before = core.registry.all
        let known = Set(before)
        let nodes = registry.filter { known.contains($0) || $0.isSigned(in: core.domain) }
        if nodes.count < registry.count {
            core.logger.warning(
                "registry entries without good signatures are left out",
                metadata: ["registry.left.out": "\(registry.count - nodes.count)"]
            )
        }
        core.registry.replace(with: nodes)
        guard core.registry.all != before || core.members != members || core.membersEpoch != epoch else { return }
        core.members = members
        core.membersEpoch = epoch
        core.assignShards()
        do {
            try await core.store.keep(members: members, of: epoch)
            try await core.store.keepRegistry(core.registry.all)
        } catch {
            core.logger.error("the registry could not be stored", metadata: ["error": "\(error)"])
        }
        core.registryChanged.fire()
    }

    /// Takes a longer history of the service's keys in: heads are judged by the key of their size.
    public func learn(_ keys: KeyHistory) {
        core.heads.learn(keys)
    }

    /// Takes a head in that is of now. The node's time never goes back; midnights that it passes make probe rounds due.
    public func observe(_ head: SignedHead) async throws(NodeError) {
        guard head.head.logID == core.rules.logID else {
            core.counters.add(.headRefusals, "other_log")
            throw .headOfOtherLog(found: head.head.logID, expected: core.rules.logID)
        }
        guard core.heads.isTrusted(head), core.heads.isCurrent(head) else {
            core.counters.add(.headRefusals, "signature")
            throw .headSignature
        }
        await core.keepHeadEvidence()
        do {
            try await core.store.record(head)
        } catch {
            throw error.nodeError(directory: core.configuration.dataDirectory)
        }
        core.countStepBack(to: head.head.time)
        core.advance(to: head, isCurrent: true)
    }

    /// Takes in how far the log's epochs are sealed: messages of sealed epochs are dropped once they have expired.
    public func observe(_ seal: SignedSealNotice) async throws(NodeError) {
        guard seal.notice.logID == core.rules.logID else {
            core.counters.add(.headRefusals, "other_log")
            throw .headOfOtherLog(found: seal.notice.logID, expected: core.rules.logID)
        }
        guard core.heads.isTrusted(seal) else {
            core.counters.add(.headRefusals, "signature")
            throw .headSignature
        }
        do {
            try await core.learn(seal)
        } catch {
            throw .storeFailed(directory: core.configuration.dataDirectory, reason: "\(error)", isDiskFull: false)
        }
    }

    /// The newest head of the log that the node has seen.
    public nonisolated var newestHead: SignedHead? { core.clock.newest }

    /// Keeps a link for each registered node; the registry only grows, so links end with the node.
    private static func dial(_ core: NodeCore) async {
        await withDiscardingTaskGroup { group in
            var dialled: Set<UInt32> = []
            while !Task.isCancelled {
                for number in await core.partners where dialled.insert(number).inserted {
                    let link = core.peers.link(to: number)
                    group.addTask { await PeerDialer(core: core, link: link).run() }
                }
                await core.registryChanged.wait()
            }
        }
    }
}

/// The listener between ``ReplicationNode/bind()`` and ``ReplicationNode/run()``.
private actor Listening {
    private var bound: PeerListener?
    private var isRunning = false

    func listener(_ configuration: NodeConfiguration) async throws(NodeError) -> PeerListener {
        if let bound { return bound }
        let listener = try await PeerListener.bind(
            host: configuration.peerHost,
            port: configuration.peerPort,
            limits: configuration.limits
        )
        bound = listener
        return listener
    }

    /// Hands the listener to the one task that runs.
    func start(_ configuration: NodeConfiguration) async throws(NodeError) -> PeerListener {
        guard !isRunning else { throw .alreadyRunning }
        isRunning = true
        do {
            return try await listener(configuration)
        } catch {
            isRunning = false
            throw error
        }
    }

    func stop() {
        bound = nil
        isRunning = false
    }

    func close() async {
        guard !isRunning else { return }
        await bound?.close()
        bound = nil
    }
}
