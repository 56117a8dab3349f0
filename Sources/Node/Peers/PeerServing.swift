import Logging
import NIOCore
import Primitives
import Synchronization

/// One accepted connection: its handshake, then its questions, some of them at a time.
struct PeerServing: Sendable {
    let core: NodeCore

    /// Serves until the connection ends or the task is cancelled.
    func serve(_ channel: any Channel) async {
        do {
            let frames = try await PeerChannel.wrap(channel)
            try await frames.executeThenClose { inbound, outbound in
                try await withThrowingDiscardingTaskGroup { group in
                    defer { group.cancelAll() }
                    let isProved = Flag()
                    group.addTask {
                        try? await Task.sleep(for: core.limits.handshakeTimeout)
                        if !Task.isCancelled, !isProved.isSet { channel.close(promise: nil) }
                    }
                    var iterator = inbound.makeAsyncIterator()
                    let peer = try await prove(outbound) { try await iterator.next() }
                    isProved.set()
                    let responder = PeerResponder(core: core, peer: peer)
                    let slots = Slots(core.limits.questionsInFlight)
                    while await slots.take(), let frame = try await iterator.next() {
                        group.addTask {
                            let answer = await responder.answer(frame)
                            try? await outbound.write(answer)
                            slots.giveBack()
                        }
                    }
                }
            }
        } catch {
            core.logger.debug("peer's connection ended", metadata: ["peer.failure": "\(error)"])
        }
    }

    /// The answering end of the handshake; returns who asks.
    private func prove(
        _ outbound: NIOAsyncChannelOutboundWriter<PeerFrame>, next: () async throws -> PeerFrame?
    ) async throws -> UInt32 {
        guard let first = try await next() else { throw PeerFailure.closed }
        do {
            guard case .hello(let hello) = try PeerQuestion(type: first.type, body: first.body) else {
                throw PeerRefusal(code: .unproved, text: "a connection begins with hello")
            }
            let nonce = Bytes32.random()
            try await outbound.write(frame(try core.handshake.answer(hello, nonce: nonce), to: first))
            guard let second = try await next() else { throw PeerFailure.closed }
            guard case .proof(let proof) = try PeerQuestion(type: second.type, body: second.body) else {
                throw PeerRefusal(code: .unproved, text: "after hello comes proof")
            }
            try core.handshake.check(proof, of: hello.node, nonce: nonce)
            try await outbound.write(frame(.proof, to: second))
            return hello.node
        } catch let refusal as PeerRefusal {
            try await outbound.write(frame(.refusal(refusal), to: first))
            throw refusal
        }
    }

    private func frame(_ answer: PeerAnswer, to question: PeerFrame) -> PeerFrame {
        PeerFrame(type: answer.type, request: question.request, body: answer.body)
    }
}

/// How many questions of a connection may be under way; one task takes, many give back.
final class Slots: Sendable {
    private let free: Mutex<Int>
    private let returned = Signal()

    init(_ count: Int) {
        free = Mutex(count)
    }

    /// Waits for a slot; `false` where the task was cancelled.
    func take() async -> Bool {
        while true {
            let isTaken = free.withLock { free in
                guard free > 0 else { return false }
                free -= 1
                return true
            }
            if isTaken { return true }
            guard await returned.wait() else { return false }
        }
    }

    func giveBack() {
        free.withLock { $0 += 1 }
        returned.fire()
    }
}

/// Something that becomes true once.
final class Flag: Sendable {
    private let state = Atomic(false)

    var isSet: Bool { state.load(ordering: .acquiring) }

    func set() { state.store(true, ordering: .releasing) }
}
