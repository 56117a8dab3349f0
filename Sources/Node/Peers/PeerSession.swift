import NIOCore
import Primitives
import Synchronization

/// The asking end of one connection: several questions may be open, answers are told apart by their number.
final class PeerSession: Sendable {
    private struct State {
        var nextRequest: UInt32 = 1
        var waiting: [UInt32: AsyncStream<PeerFrame>.Continuation] = [:]
        var isClosed = false
        var floor = UTCDay(number: 0)
    }

    private static let openMax = 64

    /// The node at the other end.
    let peer: UInt32
    private let outbound: NIOAsyncChannelOutboundWriter<PeerFrame>
    private let timeout: Duration
    private let state = Mutex(State())

    init(peer: UInt32, outbound: NIOAsyncChannelOutboundWriter<PeerFrame>, timeout: Duration) {
        self.peer = peer
        self.outbound = outbound
        self.timeout = timeout
    }

    /// Asks and waits for the answer, a refusal thrown as an error.
    func ask(_ question: PeerQuestion) async throws -> PeerAnswer {
        let (answers, continuation) = AsyncStream.makeStream(of: PeerFrame.self, bufferingPolicy: .bufferingNewest(1))
        let request = try open(continuation)
        defer { state.withLock { _ = $0.waiting.removeValue(forKey: request) } }
        let frame = PeerFrame(type: question.type, request: request, body: question.body)
        let answered = try await withDeadline(timeout) { [outbound] in
            try await outbound.write(frame)
            for await answer in answers { return answer }
            throw PeerFailure.closed
        }
        guard answered.type == question.type + 128 || answered.type == PeerAnswer.refusalType else {
            throw PeerFailure.unexpected(type: answered.type)
        }
        do {
            let answer = try PeerAnswer(type: answered.type, body: answered.body)
            if case .refusal(let refusal) = answer { throw PeerFailure.refused(refusal) }
            if case .compare(.differs(let theirs, _)) = answer { state.withLock { $0.floor = theirs.floor } }
            return answer
        } catch let error as FrameError {
            throw PeerFailure.malformed(error)
        }
    }

    /// The peer's floor, as its last comparison said.
    var floor: UTCDay { state.withLock { $0.floor } }

    /// Hands an answer to who waits for it; one that nobody waits for any more is dropped.
    func deliver(_ frame: PeerFrame) {
        let waiting = state.withLock { $0.waiting.removeValue(forKey: frame.request) }
        waiting?.yield(frame)
        waiting?.finish()
    }

    /// Ends every open question.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.finish() }
    }

    private func open(_ continuation: AsyncStream<PeerFrame>.Continuation) throws -> UInt32 {
        try state.withLock { state in
            guard !state.isClosed else { throw PeerFailure.closed }
            guard state.waiting.count < Self.openMax else { throw PeerFailure.busy }
            let request = state.nextRequest
            state.nextRequest &+= 1
            state.waiting[request] = continuation
            return request
        }
    }
}

extension PeerSession: PeerConversation {}
