public import Primitives

/// Where a charge stands on one ground: what a payer is told who asks why something was, or was not, returned.
public struct GroundProspect: Hashable, Sendable {
    /// The state of a ground.
    public enum State: String, Hashable, Sendable {
        /// It gave something back.
        case given
        /// Evidence is kept; it is decided at the time given.
        case waiting
        /// Evidence can be shown until the time given.
        case open
        /// The time for evidence is over.
        case late
        /// There is nothing that this ground could give back.
        case nothing
    }

    /// The ground.
    public let ground: RefundGround
    /// How it stands.
    public let state: State
    /// When it is decided or ends, Unix seconds; `nil` where that is over or never comes.
    public let until: UInt64?
    /// One sentence: what would have to be shown, or why nothing is given.
    public let reason: String

    init(_ ground: RefundGround, _ state: State, until: UInt64? = nil, _ reason: String) {
        self.ground = ground
        self.state = state
        self.until = until
        self.reason = reason
    }
}

/// What a lookup of a charge knows beside its history.
public struct ChargeFacts: Hashable, Sendable {
    /// The epoch of the charge.
    public let epoch: UInt64
    /// Whether the delivery cut of the epoch is done.
    public let isCut: Bool
    /// Whether the charge was voided.
    public let isVoid: Bool
    /// When the postage window ends; `nil` without postage.
    public let postageDue: UInt64?
    /// Whether an acknowledgement, a refusal, and an earlier charge of the envelope are kept as evidence.
    public let shown: Set<RefundGround>
    /// The grounds that gave something.
    public let given: Set<RefundGround>

    /// Puts the facts together.
    public init(
        epoch: UInt64, isCut: Bool, isVoid: Bool, postageDue: UInt64?, shown: Set<RefundGround>,
        given: Set<RefundGround>
    ) {
        self.epoch = epoch
        self.isCut = isCut
        self.isVoid = isVoid
        self.postageDue = postageDue
        self.shown = shown
        self.given = given
    }
}

extension ChargeHistory {
    /// How each ground stands at a time of the log, by number.
    public func prospects(
        _ facts: ChargeFacts, clock: EpochClock, now: UInt64
    ) throws(AmountError) -> [GroundProspect] {
        var prospects: [GroundProspect] = []
        for ground in RefundGround.allCases {
            prospects.append(
                facts.given.contains(ground)
                    ? GroundProspect(ground, .given, "It gave something back; the refunds say what.")
                    : try prospect(ground, facts, clock, now))
        }
        return prospects
    }

    private func prospect(
        _ ground: RefundGround, _ facts: ChargeFacts, _ clock: EpochClock, _ now: UInt64
    ) throws(AmountError) -> GroundProspect {
        let cut = clock.deliveryCut(of: facts.epoch)
        if facts.isVoid, ground != .nodeAtFault, ground != .declaredOutage {
            return GroundProspect(ground, .nothing, "The charge was voided: all that was unspent went back.")
        }
        switch ground {
        case .undelivered, .refused: return atCut(ground, facts, clock, cut, now)
        case .welcomed: return welcomed(facts, now)
        case .deletedEarly:
            let last = expiryDay.start
            guard now < last, !releases.contains(where: { !$0.isPrice }) else {
                return GroundProspect(ground, .late, "No day of storage is left to give back.")
            }
            return GroundProspect(
                ground, .open, until: last, "The topic's owner can sign a deletion: days to come go back.")
        case .overcharged:
            return twoEpochs(ground, facts, clock, now, "Anybody can have the price compared with the log's schedule.")
        case .chargedTwice:
            if facts.shown.contains(ground), !facts.isCut {
                return GroundProspect(
                    ground, .waiting, until: cut, "An earlier charge paid for the envelope; the delivery cut decides.")
            }
            return twoEpochs(ground, facts, clock, now, "Name an earlier charge that paid for the same envelope.")
        case .nodeAtFault:
            guard facts.isCut else {
                return GroundProspect(
                    ground, .open, until: cut,
                    "Decided at the delivery cut, where the node that acknowledged the message does not list it.")
            }
            return GroundProspect(ground, .nothing, "No node that acknowledged the message lost it undelivered.")
        case .declaredOutage:
            let last = (max(expiryDay.start, clock.start) - clock.start) / clock.length + 1
            return GroundProspect(
                ground, .open, until: clock.edge(of: last.addingClamped(2)),
                "Operators with more than two thirds of the stake can declare an outage of a day that was captured.")
        }
    }

    private func atCut(
        _ ground: RefundGround, _ facts: ChargeFacts, _ clock: EpochClock, _ cut: UInt64, _ now: UInt64
    ) -> GroundProspect {
        guard !facts.isCut else {
            return GroundProspect(
                ground, .late,
                facts.shown.contains(ground)
                    ? "The delivery cut found that the nodes hold the message, and captured it."
                    : "The delivery cut captured it: nothing had been shown.")
        }
        if facts.shown.contains(ground) {
            return GroundProspect(ground, .waiting, until: cut, "The evidence is kept; the delivery cut decides.")
        }
        if ground == .undelivered {
            return GroundProspect(
                ground, .open, until: cut, "Show the acknowledgement of the node that took the message.")
        }
        let due = clock.refusalDue(acceptedAt: acceptedAt)
        guard now < due else { return GroundProspect(ground, .late, "A refusal could be shown until \(due).") }
        return GroundProspect(ground, .open, until: due, "Show the signed refusal of the node that could not take it.")
    }

    private func welcomed(_ facts: ChargeFacts, _ now: UInt64) -> GroundProspect {
        guard let due = facts.postageDue else {
            return GroundProspect(.welcomed, .nothing, "The message carried no postage.")
        }
        guard isPostageHeld, now < due else {
            return GroundProspect(.welcomed, .late, "Nobody welcomed the message in time: its postage was captured.")
        }
        return GroundProspect(
            .welcomed, .open, until: due, "The topic's owner can sign a welcome: the postage goes back.")
    }

    private func twoEpochs(
        _ ground: RefundGround, _ facts: ChargeFacts, _ clock: EpochClock, _ now: UInt64, _ what: String
    ) -> GroundProspect {
        let end = clock.edge(of: facts.epoch.addingClamped(2))
        guard now < end else { return GroundProspect(ground, .late, "It could be shown until \(end).") }
        return GroundProspect(ground, .open, until: end, what)
    }
}
