import Primitives

/// Whoever answers a node's questions, over a connection or without one.
protocol PeerConversation: ReconcileSource {
    /// Asks and waits for the answer, a refusal thrown as an error.
    func ask(_ question: PeerQuestion) async throws -> PeerAnswer
}

extension PeerConversation {
    func compare(_ state: SetState) async throws -> SetComparison {
        guard case .compare(let comparison) = try await ask(.compare(state)) else {
            throw PeerFailure.unexpected(type: 132)
        }
        return comparison
    }

    func places() async throws -> [PlaceRange] {
        guard case .places(let ranges) = try await ask(.places) else { throw PeerFailure.unexpected(type: 133) }
        return ranges
    }

    func cells(from first: Int, count: Int) async throws -> [SketchCell] {
        guard case .cells(let cells) = try await ask(.cells(from: UInt32(first), count: UInt32(count))) else {
            throw PeerFailure.unexpected(type: 138)
        }
        return cells
    }

    func days() async throws -> [DayNode] {
        guard case .days(let days) = try await ask(.days) else { throw PeerFailure.unexpected(type: 139) }
        return days
    }

    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        guard case .tree(let contents) = try await ask(.tree(day: day, paths: paths)) else {
            throw PeerFailure.unexpected(type: 140)
        }
        return contents
    }

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

    /// The end of a chain as far as the peer knows it.
    func chain(of originator: UInt32) async throws -> SignedEvent? {
        guard case .chain(let tip) = try await ask(.chain(originator: originator)) else {
            throw PeerFailure.unexpected(type: 137)
        }
        return tip
    }
}
