public import Primitives

/// A ground that was shown to hold for a charge, with what its amount follows from.
public enum RefundClaim: Hashable, Sendable {
    /// No majority of the holders had the event at the delivery cut: all that is unspent. Congestion is spent: it paid for
    /// room in the log, which the charge took whatever became of the message.
    case undelivered
    /// A node refused the envelope and no event carries the charge: all that is unspent, as for ``undelivered``.
    case refused
    /// The topic's owner welcomed the message: its postage.
    case welcomed
    /// The topic's owner deleted the message: storage of days to come.
    case deletedEarly
    /// The log's schedule makes it cheaper: the excess.
    case overcharged(Excess)
    /// Another charge paid for the envelope before: everything.
    case chargedTwice
    /// A node vouched for the message and lost it: what was spent, from that node's stake.
    case nodeAtFault

    /// The ground.
    public var ground: RefundGround {
        switch self {
        case .undelivered: .undelivered
        case .refused: .refused
        case .welcomed: .welcomed
        case .deletedEarly: .deletedEarly
        case .overcharged: .overcharged
        case .chargedTwice: .chargedTwice
        case .nodeAtFault: .nodeAtFault
        }
    }
}

/// Amounts of a charge's parts.
public struct RefundParts: Hashable, Sendable {
    /// Of the base fee.
    public var base = Amount.zero
    /// Of the congestion fee.
    public var congestion = Amount.zero
    /// Of the storage fee.
    public var storage = Amount.zero
    /// Of the postage.
    public var postage = Amount.zero

    /// Makes amounts.
    public init(
        base: Amount = .zero, congestion: Amount = .zero, storage: Amount = .zero, postage: Amount = .zero
    ) {
        self.base = base
        self.congestion = congestion
        self.storage = storage
        self.postage = postage
    }

    /// All of them.
    public func total() throws(AmountError) -> Amount { try Amount.sum([base, congestion, storage, postage]) }
}

/// What one ground gives back of one charge.
public struct RefundDecision: Hashable, Sendable {
    /// Why.
    public let ground: RefundGround
    /// What goes back from holds, at once.
    public var held = RefundParts()
    /// By how much a day of storage is cheaper: days to come, whose part comes out of the hold, and where the price was too
    /// high also those that were captured.
    public var releasedPerDay = Amount.zero
    /// What was captured and is owed out of the open epoch's pool.
    public var owed = RefundParts()
    /// What was captured and the stake of the node at fault has to give.
    public var stake = RefundParts()

    /// Starts with nothing.
    public init(_ ground: RefundGround) {
        self.ground = ground
    }

    /// All of it.
    public func total() throws(AmountError) -> Amount {
        try Amount.sum([try held.total(), try owed.total(), try stake.total()])
    }
}

extension ChargeStanding {
    /// What a claim gives back, which this takes out of the standing. Never more than is there: a claim that finds
    /// nothing gives zero.
    public mutating func settle(_ claim: RefundClaim) throws(AmountError) -> RefundDecision {
        var decision = RefundDecision(claim.ground)
        switch claim {
        case .undelivered, .refused:
            congestion.spend()
            try returnHeld(&decision)
        case .welcomed: decision.held.postage = postage.take(postage.held).fromHold
        case .deletedEarly: try releaseDays(&decision)
        case .overcharged(let excess): try settle(excess, &decision)
        case .chargedTwice:
            try returnHeld(&decision)
            decision.owed = try returnCaptured()
        case .nodeAtFault: decision.stake = try returnCaptured()
        }
        return decision
    }

    /// Settles several claims in the order of their grounds' numbers, each once: the order in which evidence came, and
    /// evidence that came twice, make no difference.
    public mutating func settle(all claims: Set<RefundClaim>) throws(AmountError) -> [RefundDecision] {
        var decisions: [RefundDecision] = []
        for claim in claims.sorted(by: { $0.ground.rawValue < $1.ground.rawValue }) {
            decisions.append(try settle(claim))
        }
        return decisions
    }

    private mutating func returnHeld(_ decision: inout RefundDecision) throws(AmountError) {
        decision.held.base = base.take(base.held).fromHold
        decision.held.congestion = congestion.take(congestion.held).fromHold
        decision.held.postage = postage.take(postage.held).fromHold
        try releaseDays(&decision)
    }

    private mutating func releaseDays(_ decision: inout RefundDecision) throws(AmountError) {
        guard storage.heldDays > 0 else { return }
        decision.releasedPerDay = storage.perDay
        decision.held.storage = try storage.releaseDays()
    }

    private mutating func returnCaptured() throws(AmountError) -> RefundParts {
        RefundParts(
            base: base.takeCaptured(), congestion: congestion.takeCaptured(), storage: try storage.returnCaptured(),
            postage: postage.takeCaptured())
    }

    private mutating func settle(_ excess: Excess, _ decision: inout RefundDecision) throws(AmountError) {
        (decision.held.base, decision.owed.base) = base.take(excess.base)
        (decision.held.congestion, decision.owed.congestion) = congestion.take(excess.congestion)
        (decision.held.postage, decision.owed.postage) = postage.take(excess.postage)
        decision.releasedPerDay = min(excess.storagePerDay, storage.perDay)
        (decision.held.storage, decision.owed.storage) = try storage.release(perDay: excess.storagePerDay)
    }
}
