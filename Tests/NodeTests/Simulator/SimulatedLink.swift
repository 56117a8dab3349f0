import Channels
import Primitives
import Synchronization

@testable import Node

/// A connection of the simulator: every question and answer is a frame, and at each the task stops until it is its turn.
struct SimulatedLink: PeerConversation {
    let world: World
    let task: Int
    let from: SimulatedNode
    let to: SimulatedNode
    private let life: Int

    init(_ world: World, task: Int, from: SimulatedNode, to: SimulatedNode) {
        self.world = world
        self.task = task
        self.from = from
        self.to = to
        life = to.life
    }

    func ask(_ question: PeerQuestion) async throws -> PeerAnswer {
        try await travel()
        guard let core = to.node?.core else { throw PeerFailure.closed }
        let frame = try Self.carried(PeerFrame(type: question.type, request: 1, body: question.body))
        let answered = try Self.carried(await PeerResponder(core: core, peer: from.number).answer(frame))
        guard to.node != nil else { throw PeerFailure.closed }
        var answer: PeerAnswer? = try PeerAnswer(type: answered.type, body: answered.body)
        if let behaviour = to.behaviour, let honest = answer { answer = world.lie(behaviour, honest, to: question) }
        try await travel()
        guard let answer else { throw PeerFailure.timeout }
        if case .refusal(let refusal) = answer { throw PeerFailure.refused(refusal) }
        let told = try PeerAnswer(type: answer.type, body: answer.body)
        guard told.type == question.type + 128 else { throw PeerFailure.unexpected(type: told.type) }
        return told
    }

    /// One way over the network: the connection may be gone by then.
    private func travel() async throws {
        await world.turnstile.pass(as: task)
        guard from.node != nil, to.node != nil, to.life == life, world.isJoined(from.number, to.number) else {
            throw PeerFailure.closed
        }
    }

    private static func carried(_ frame: PeerFrame) throws -> PeerFrame {
        let bytes = frame.bytes
        try PeerFrame.check(length: bytes.count - 4)
        return try PeerFrame(payload: Array(bytes.dropFirst(4)))
    }
}

/// A node that heals in the simulator, in its time.
struct SimulatedReplica: ReconcileReplica {
    let world: World
    let task: Int
    let healed: HealedReplica
    let claims: FetchClaims

    var sharding: Sharding { healed.sharding }
    var shard: Shard { healed.shard }
    func pause() async throws { await world.turnstile.pass(as: task) }
    func state() async throws -> SetState { try await healed.state() }
    func state(from floor: UTCDay) async throws -> SetState { try await healed.state(from: floor) }
    func placeRanges() async throws -> Int { try await healed.placeRanges() }
    func lacking(from places: [PlaceRange], limit: UInt64) async throws -> [PlaceRange] {
        try await healed.lacking(from: places, limit: limit)
    }
    func cells(_ key: SipHash, from first: Int, count: Int) async throws -> [SketchCell] {
        try await healed.cells(key, from: first, count: count)
    }
    func days() async throws -> [DayNode] { try await healed.days() }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        try await healed.tree(day: day, paths: paths)
    }
    func needed(limit: Int) async throws -> [FetchTarget] { try await healed.needed(limit: limit) }
    func unknown(_ targets: [FetchTarget]) async throws -> [FetchTarget] { try await healed.unknown(targets) }
    func take(_ events: [WireEvent]) async throws -> Int { try await healed.take(events) }
}
