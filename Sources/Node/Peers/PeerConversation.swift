import Channels
import Primitives

/// Whoever answers a node's questions, over a connection or without one.
protocol PeerConversation: Sendable {
    /// Asks and waits for the answer, a refusal thrown as an error.
    func ask(_ question: PeerQuestion) async throws -> PeerAnswer
    /// What it has of some events, as much as fits an answer.
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent]
}

extension PeerConversation {
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] {
        var events: [WireEvent] = []
        for question in Fetch(targets).questions {
            switch try await ask(question) {
            case .fetch(let found), .fetchPlaces(let found): events += found
            case let other: throw PeerFailure.unexpected(type: other.type)
            }
        }
        return events
    }

    /// What the peer has seen that the log key signed.
    func news() async throws -> LogNews {
        guard case .signed(let news) = try await ask(.signed) else { throw PeerFailure.unexpected(type: 142) }
        return news
    }

    /// The ends of an originator's chains as far as the peer knows them, ascending by shard, some of them from a shard on.
    func chains(of originator: UInt32, from shard: Shard) async throws -> [SignedEvent] {
        guard case .chains(let tips) = try await ask(.chains(originator: originator, from: shard)) else {
            throw PeerFailure.unexpected(type: 137)
        }
        return tips
    }

    /// How the peer's shards compare, in the order of `shards`.
    func survey(_ shards: [SurveyedShard]) async throws -> [SurveyResult] {
        guard case .survey(let results) = try await ask(.survey(shards)), results.count == shards.count else {
            throw PeerFailure.unexpected(type: 143)
        }
        return results
    }

    /// What the peer holds of a shard.
    func on(_ shard: Shard) -> some ReconcileSource { ConversedShard(conversation: self, shard: shard) }
}

/// A shard of who answers a node's questions.
private struct ConversedShard<Conversation: PeerConversation>: ReconcileSource {
    let conversation: Conversation
    let shard: Shard

    func compare(_ state: SetState) async throws -> SetComparison {
        guard case .compare(let comparison) = try await conversation.ask(.compare(shard, state)) else {
            throw PeerFailure.unexpected(type: 132)
        }
        return comparison
    }

    func places() async throws -> [PlaceRange] {
        guard case .places(let ranges) = try await conversation.ask(.places(shard)) else {
            throw PeerFailure.unexpected(type: 133)
        }
        return ranges
    }

    func cells(from first: Int, count: Int) async throws -> [SketchCell] {
        let question = PeerQuestion.cells(shard, from: UInt32(first), count: UInt32(count))
        guard case .cells(let cells) = try await conversation.ask(question) else {
            throw PeerFailure.unexpected(type: 138)
        }
        return cells
    }

    func days() async throws -> [DayNode] {
        guard case .days(let days) = try await conversation.ask(.days(shard)) else {
            throw PeerFailure.unexpected(type: 139)
        }
        return days
    }

    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        guard case .tree(let contents) = try await conversation.ask(.tree(shard, day: day, paths: paths)) else {
            throw PeerFailure.unexpected(type: 140)
        }
        return contents
    }

    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] { try await conversation.fetch(targets) }
}
