import Logging
import Primitives

/// Answers the questions of one proved peer.
struct PeerResponder: Sendable {
    let core: NodeCore
    let peer: UInt32

    /// The answer's frame; a question that can't be read or answered gets a refusal.
    func answer(_ frame: PeerFrame) async -> PeerFrame {
        let answer: PeerAnswer
        do {
            let question = try PeerQuestion(type: frame.type, body: frame.body)
            core.counters.add(.peerQuestions, question.label)
            answer = try await self.answer(question)
        } catch let refusal as PeerRefusal {
            core.counters.add(.peerRefusals, refusal.code.label)
            answer = .refusal(refusal)
        } catch let error as FrameError {
            core.counters.add(.peerRefusals, error.code)
            answer = .refusal(PeerRefusal(code: .malformed, text: "\(error)"))
        } catch {
            core.logger.error(
                "a peer's question could not be answered",
                metadata: ["peer.number": "\(peer)", "frame.type": "\(frame.type)", "error": "\(error)"]
            )
            answer = .refusal(PeerRefusal(code: .failed, text: "this node's store failed"))
        }
        return PeerFrame(type: answer.type, request: frame.request, body: answer.body)
    }

    private func answer(_ question: PeerQuestion) async throws -> PeerAnswer {
        switch question {
        case .hello, .proof: throw PeerRefusal(code: .malformed, text: "this connection is proved already")
        case .push(let events):
            let report = try await core.take(events, from: peer)
            if report.isLackingAncestors { core.peers.link(to: peer).ancestorsWanted.fire() }
            return .push(report.results)
        case .compare, .places, .cells, .days, .tree, .survey:
            core.note(question, from: peer)
            guard let answer = await core.store.answer(question) else {
                preconditionFailure("the set answers every question about itself")
            }
            return answer
        case .fetch(let prefixes):
            return .fetch(
                served(try await core.store.wireEvents(startingWith: prefixes, bytesMax: core.limits.pushFrameBytes)))
        case .fetchPlaces(let shard, let ranges):
            return .fetchPlaces(
                served(try await core.store.wireEvents(in: shard, on: ranges, bytesMax: core.limits.pushFrameBytes)))
        case .signed: return .signed(await core.news())
        case .probe(_, let nonce): return .probe(ProbeProofs.probe(nonce: nonce, answerer: core.number))
        case .challenge(let challenges):
            var answers: [Bytes32] = []
            for challenge in challenges {
                let envelope = try await core.store.envelopeBytes(challenge.event)
                answers.append(envelope.map { ProbeProofs.challenge(nonce: challenge.nonce, envelope: $0) } ?? .zero)
            }
            return .challenge(answers)
        case .chains(let originator, let shard):
            return .chains(
                try await core.store.signedTips(of: originator, from: shard, limit: PeerAnswer.chainsMax))
        }
    }

    private func served(_ events: [WireEvent]) -> [WireEvent] {
        core.counters.add(.eventsServed, by: events.count)
        return events
    }
}
