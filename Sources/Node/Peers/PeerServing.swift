import Logging
import NIOCore
import Primitives
import Synchronization

/// One accepted connection: its handshake, then its questions, some of them at a time.
struct PeerServing: Sendable {
    private enum Step {
        case hello
        case proof(of: UInt32, nonce: Bytes32)
        case questions(PeerResponder)
    }

    let core: NodeCore
    let served: ServedPeers

    /// Serves until the connection ends or the task is cancelled.
    func serve(_ channel: any Channel) async {
        do {
            try await PeerChannel.wrap(channel).executeThenClose { inbound, outbound in
                try await withThrowingDiscardingTaskGroup { group in
                    defer { group.cancelAll() }
                    let isProved = Flag()
                    group.addTask { [core] in
                        try? await Task.sleep(for: core.limits.handshakeTimeout)
                        if !Task.isCancelled, !isProved.isSet { channel.close(promise: nil) }
                    }
                    let slots = Slots(core.limits.questionsInFlight)
                    var step = Step.hello
                    defer { if case .questions(let responder) = step { served.end(responder.peer, on: channel) } }
                    for try await frame in inbound {
                        guard case .questions(let responder) = step else {
                            step = try await prove(step, frame, outbound, on: channel)
                            if case .questions(let responder) = step {
                                isProved.set()
                                served.serve(responder.peer, on: channel)
                            }
                            continue
                        }
                        served.heard(responder.peer)
                        guard await slots.take() else { break }
                        group.addTask {
                            let answer = await responder.answer(frame)
                            try? await outbound.write(answer)
                            slots.giveBack()
                        }
                    }
                }
            }
        } catch {
            if let error = error as? FrameError { core.counters.add(.peerRefusals, error.code) }
            core.logger.debug("peer's connection ended", metadata: ["peer.failure": "\(error)"])
        }
    }

    /// One step of the answering end of the handshake; whoever fails it is told why, then cut off.
    private func prove(
        _ step: Step,
        _ frame: PeerFrame,
        _ outbound: NIOAsyncChannelOutboundWriter<PeerFrame>,
        on channel: any Channel
    ) async throws -> Step {
        var node: UInt32?
        if case .proof(let asking, _) = step { node = asking }
        do {
            if case .hello = step { try core.handshake.checkVersion(frame) }
            let question = try PeerQuestion(type: frame.type, body: frame.body)
            switch (step, question) {
            case (.hello, .hello(let hello)):
                node = hello.node
                let nonce = PeerNonce.answering()
                try await outbound.write(Self.frame(try core.handshake.answer(hello, nonce: nonce), to: frame))
                return .proof(of: hello.node, nonce: nonce)
            case (.proof(let node, let nonce), .proof(let proof)):
                try core.handshake.check(proof, of: node, nonce: nonce)
                if let place = served.place(of: node, heardWithin: core.limits.servedSilence) {
                    throw PeerRefusal(code: .twin, text: "node \(node) asks from \(place) already")
                }
                try await outbound.write(Self.frame(.proof, to: frame))
                return .questions(PeerResponder(core: core, peer: node))
            default: throw PeerRefusal(code: .unproved, text: "a connection begins with hello and proof")
            }
        } catch let refusal as PeerRefusal {
            note(refusal.code.label, node, channel)
            try await outbound.write(Self.frame(.refusal(refusal), to: frame))
            throw refusal
        } catch let error as FrameError {
            let refusal = PeerRefusal(code: .malformed, text: "\(error)")
            note(error.code, node, channel)
            try await outbound.write(Self.frame(.refusal(refusal), to: frame))
            throw refusal
        }
    }

    private func note(_ reason: String, _ node: UInt32?, _ channel: any Channel) {
        core.counters.add(.peerRefusals, reason)
        let place = channel.remoteAddress.map { "\($0.ipAddress ?? "?"):\($0.port ?? 0)" } ?? "?"
        core.lines.refused(reason, node: node, from: place)
    }

    private static func frame(_ answer: PeerAnswer, to question: PeerFrame) -> PeerFrame {
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
