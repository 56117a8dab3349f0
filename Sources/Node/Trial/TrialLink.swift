import Primitives
import Synchronization

/// The way from one side of a trial to the other: every question and answer is written as a frame, counted, and read again.
final class TrialLink: Sendable {
    /// What went over it.
    struct Traffic: Sendable {
        /// Of frames both ways, without the events that were asked for.
        var bytes = 0
        var roundTrips = 0
        /// Processor time of the side that answers.
        var answeringSeconds = 0.0
        /// Processor time of making events up, which is nobody's.
        var madeUpSeconds = 0.0
    }

    private static let headerBytes = 9
    private let side: TrialSide
    /// The events that only one side holds, by the first eight bytes of their ids.
    private let differing: [UInt64: UInt64]
    private let state = Mutex(Traffic())

    init(to side: TrialSide, differing: [UInt64: UInt64]) {
        self.side = side
        self.differing = differing
    }

    var traffic: Traffic { state.withLock { $0 } }

    func ask(_ question: PeerQuestion) async throws -> PeerAnswer {
        let body = question.body
        let before = ThreadClock.seconds
        let read = try PeerQuestion(type: question.type, body: body)
        guard let answer = side.with({ $0.answer(read) }) else { throw PeerFailure.unexpected(type: question.type) }
        let answered = answer.body
        let seconds = ThreadClock.seconds - before
        count(body.count + answered.count + 2 * Self.headerBytes) { $0.answeringSeconds += seconds }
        return try PeerAnswer(type: answer.type, body: answered)
    }

    private func count(_ bytes: Int, _ more: (inout Traffic) -> Void) {
        state.withLock { traffic in
            traffic.bytes += bytes
            traffic.roundTrips += 1
            more(&traffic)
        }
    }
}

extension TrialLink: PeerConversation {
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] {
        let fetch = Fetch(targets)
        let before = ThreadClock.seconds
        let held = fetch.prefixes.filter { prefix in side.with { !$0.ids.ids(startingWith: prefix).isEmpty } }
        let numbers = held.compactMap { differing[$0] } + fetch.places.map(side.events.number)
        let events = numbers.map(side.events.wire)
        let seconds = ThreadClock.seconds - before
        let bytes = fetch.questions.reduce(0) { $0 + $1.body.count + 2 * Self.headerBytes + 4 }
        count(bytes) { $0.madeUpSeconds += seconds }
        return events
    }
}
