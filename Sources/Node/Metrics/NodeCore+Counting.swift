import Channels
import Logging
import Primitives

extension NodeCore {
    private static let daySeconds: UInt64 = 86_400

    /// Counts a refusal, and logs it where it is a contradiction. What any peer can send as often as it likes is logged for who looks
    /// closely only.
    func note(_ refusal: EventRefusal, of id: Bytes32, among checked: [CheckedEvent] = [], from peer: UInt32) {
        counters.add(.eventRefusals, refusal.code)
        guard let contradiction = refusal.contradiction, let held = refusal.held else {
            logger.debug(
                "event refused",
                metadata: ["event.id": "\(id)", "event.refusal": "\(refusal)", "peer.number": "\(peer)"])
            return
        }
        counters.add(.contradictions, contradiction)
        let originator = checked.first { $0.id == id || $0.id == held }?.event.originator
        lines.contradicted(contradiction, by: originator ?? 0, event: id, held: held, from: peer)
    }

    /// Counts what became of events that a peer brought.
    func count(_ results: [PeerAnswer.PushResult], from peer: UInt32) {
        guard peer != number else { return }
        for result in [PeerAnswer.PushResult.new, .known, .refused] {
            let count = results.count { $0 == result }
            counters.add(.eventsReceived, result.label, by: count)
            if result == .new { peers.link(to: peer).brought(count) }
        }
    }

    /// Counts what publishers were answered.
    func count(_ outcomes: [PublishOutcome], made: Int) {
        counters.add(.eventsPublished, by: made)
        counters.add(.publishRepeats, by: outcomes.count { $0.isAccepted } - made)
        for case .refused(let refusal) in outcomes { counters.add(.publishRefusals, refusal.label) }
    }

    /// A connection to a peer ended, or was not made.
    func noteEnd(of link: PeerLink, _ error: any Error) {
        let reason = PeerFailure.code(of: error)
        counters.add(.peerFailures, reason)
        if let lie = PeerFailure.lie(in: error) { note(lie: lie, of: link.number) }
        link.log(link.ended(reason: reason), logger)
    }

    /// A peer said what can't be so.
    func note(lie: String, of peer: UInt32) {
        counters.add(.peerLies, lie)
        lines.lied(about: lie, peer: peer)
    }

    /// Counts heads that say that a day has passed at once.
    func countJump(to time: UInt64) {
        guard let before = clock.newest?.head.time, time > before, time - before > Self.daySeconds else { return }
        counters.add(.timeJumps, "forward")
    }

    /// Counts heads that the service gave as its newest and that say an earlier time than one before. The node's time never goes back;
    /// a receipt's head may well be older.
    func countStepBack(to time: UInt64) {
        if let before = clock.newest?.head.time, time < before { counters.add(.timeJumps, "back") }
    }
}

extension EventRefusal {
    /// The event that is held, where this is a contradiction.
    fileprivate var held: Bytes32? {
        switch self {
        case .otherPrevious(_, let held), .chargeAgain(_, let held), .secondOnSequence(_, let held): held
        default: nil
        }
    }
}

extension PublishOutcome {
    fileprivate var isAccepted: Bool {
        if case .accepted = self { true } else { false }
    }
}
