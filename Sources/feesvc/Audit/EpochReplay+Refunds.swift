import Channels
import Primitives
import Rewards

/// A node of the registry, as a replay knows it.
struct ReplayedNode: Equatable {
    let node: RegisteredNode
    let registeredAt: UInt64
    /// What its leaf of the reward tree held before the epoch.
    let cumulative: Amount
    /// What its stake had given before the epoch.
    let slashed: Amount
    /// Epochs whose snapshots leave it out.
    var absences = Absences()

    /// Whether it is in an epoch's snapshot.
    func isMember(of epoch: UInt64, _ clock: EpochClock) -> Bool {
        registeredAt <= clock.beginning(of: epoch) && !absences.contains(epoch)
    }
}

/// What a replay knows of refunds: the histories of the charges that refund leaves name, and what pools owe.
struct ReplayedRefunds {
    /// A charge that a refund leaf names.
    struct Case {
        var history: ChargeHistory
        let epoch: UInt64
        /// By how much it is above the schedule, where the replay found that.
        var excess: Excess?
    }

    /// The charges that refund leaves of the epoch name.
    let named: Set<UInt64>
    /// Charges that refund leaves name, by number.
    var cases: [UInt64: Case] = [:]
    /// What is owed and not paid, before the repayment.
    var owed: Amount
    /// What each leaf of the epoch added to it, by index.
    var debts: [UInt64: Amount] = [:]
    /// What the pool paid right before the edge; `nil` where there was nothing to pay.
    var repayment: Repayment?
    /// What stakes gave in the epoch, by node.
    var slashed: [UInt32: Amount] = [:]
    /// Congestion of charges that the cut to come voids, which it captures.
    var keptCongestion = Amount.zero
    /// What one cut has taken of stakes, by node; emptied with each.
    var atCut: [UInt32: Amount] = [:]
    var outages: [ChargeHistory.PastOutage]

    func keeps(_ number: UInt64) -> Bool { named.contains(number) }
}

extension EpochReplay {
    /// Replays what went back of a charge: the decision follows from the charge's history, or it is a difference.
    mutating func refund(_ refund: RefundedCharge, at leaf: LogLeaf, _ place: LeafPlace) throws {
        let number = refund.charge
        guard var known = refunds.cases[number] else {
            throw AuditDifference(place, "history of charge \(number)", expected: "one", found: "none")
        }
        let before = try known.history.standing(after: lastMidnight)
        var after = before
        let decision = refund.decision
        switch decision.ground {
        case .deletedEarly: try compare(decision, try after.settle(.deletedEarly), number, place)
        case .overcharged:
            guard let excess = known.excess else {
                throw AuditDifference(place, "charge \(number)", expected: "above the schedule", found: "at its price")
            }
            try compare(decision, try after.settle(.overcharged(excess)), number, place)
            known.excess = nil
        case .chargedTwice:
            try compare(decision, try after.settle(.chargedTwice), number, place)
            if known.history.isBaseHeld { voided.append(number) }
        case .nodeAtFault: try fault(refund, try after.settle(.nodeAtFault), place)
        case .undelivered, .refused, .welcomed, .declaredOutage:
            throw AuditDifference(
                place, "ground", expected: "one that a refund leaf can have", found: decision.ground.name)
        }
        try take(decision, of: known, before: before, index: leaf.index)
        known.history.note(decision, index: leaf.index, today: lastMidnight)
        refunds.cases[number] = known
        evidence[leaf.index] = refund.evidence
    }

    private func compare(
        _ found: RefundDecision, _ expected: RefundDecision, _ number: UInt64, _ place: LeafPlace
    ) throws {
        for (name, mine, theirs) in [
            ("held", expected.held, found.held), ("captured", expected.owed, found.owed),
            ("a stake's", expected.stake, found.stake),
        ] where mine != theirs {
            throw AuditDifference(
                place, "\(name) part of charge \(number) that goes back", expected: mine.text, found: theirs.text)
        }
        try AuditDifference.check(
            place, "storage a day that is given up", expected: expected.releasedPerDay, found: found.releasedPerDay)
    }

    /// A node makes good at most what was spent, and in one cut at most a tenth of its stake.
    private mutating func fault(_ refund: RefundedCharge, _ most: RefundDecision, _ place: LeafPlace) throws {
        guard let node = nodes.first(where: { $0.node.number == refund.node }) else {
            throw AuditDifference(place, "node at fault", expected: "a registered one", found: refund.node)
        }
        let amount = try refund.decision.stake.total()
        guard amount <= (try most.stake.total()), refund.decision.held == RefundParts(),
            refund.decision.owed == RefundParts()
        else {
            throw AuditDifference(place, "loss", expected: "at most \(try most.stake.total())", found: amount)
        }
        let taken = try (refunds.atCut[refund.node] ?? .zero).adding(amount)
        let cap = try NodeFault.cap(stake: stake(of: node))
        guard taken <= cap else {
            throw AuditDifference(place, "taken of a stake", expected: "at most \(cap)", found: taken)
        }
        refunds.atCut[refund.node] = taken
        refunds.slashed[refund.node] = try (refunds.slashed[refund.node] ?? .zero).adding(amount)
    }

    /// What a node has at stake when the epoch begins.
    func stake(of node: ReplayedNode) throws -> Amount {
        let stake = node.node.registration.stake
        return node.slashed < stake ? try stake.subtracting(node.slashed) : .zero
    }

    private mutating func take(
        _ decision: RefundDecision, of known: ReplayedRefunds.Case, before: ChargeStanding, index: UInt64
    ) throws {
        let number = known.history.number
        let fromStakes = try decision.stake.total()
        flows.refunded = try Amount.sum([flows.refunded, try decision.held.total(), fromStakes])
        flows.fromStakes = try flows.fromStakes.adding(fromStakes)
        if decision.releasedPerDay > .zero, before.storage.heldDays > 0 {
            try storage.release(perDay: decision.releasedPerDay, until: known.history.expiryDay)
        }
        let owed = try decision.owed.total()
        if owed > .zero {
            refunds.debts[index] = owed
            refunds.owed = try refunds.owed.adding(owed)
        }
        guard decision.ground != .chargedTwice else { return held[number] = nil }
        let isPrice = decision.ground == .overcharged
        try held.lower(number) { charge throws(AmountError) in
            charge.base = try charge.base?.subtracting(decision.held.base)
            charge.congestion = try charge.congestion?.subtracting(decision.held.congestion)
            charge.postage = try charge.postage?.subtracting(decision.held.postage)
            if isPrice, charge.storagePerDay > .zero {
                charge.storagePerDay = try charge.storagePerDay.subtracting(decision.releasedPerDay)
            } else if decision.ground == .deletedEarly {
                charge.storagePerDay = .zero
            }
        }
    }

    /// Replays an outage: it gives at most its part of what the day's midnight captured, where that is in the epoch.
    mutating func outage(_ logged: LoggedOutage, at leaf: LogLeaf, _ place: LeafPlace) throws {
        let outage = logged.declared.outage
        let digest = genesis.domain.digest(of: outage)
        for signer in logged.declared.signers where !signer.signature.isBy(signer.operatorAddress, over: digest) {
            throw AuditDifference(
                place, "signature", expected: "operator \(signer.operatorAddress)'s", found: "another's")
        }
        guard !refunds.outages.contains(where: { $0.outage.day == outage.day }) else {
            throw AuditDifference(place, "outages of \(outage.day)", expected: "one", found: "two")
        }
        if let captured = capturedByDay[outage.day] {
            let most = try outage.part(of: captured)
            guard logged.total <= most else {
                throw AuditDifference(place, "total", expected: "at most \(most)", found: logged.total)
            }
        }
        refunds.outages.append(ChargeHistory.PastOutage(logIndex: leaf.index, outage: outage))
        for number in refunds.cases.keys { refunds.cases[number]?.history.outages = refunds.outages }
        refunds.debts[leaf.index] = logged.total
        refunds.owed = try refunds.owed.adding(logged.total)
    }

    /// Replays what the pool paid of what it owed.
    mutating func repay(_ repayment: Repayment, _ place: LeafPlace) throws {
        try AuditDifference.check(place, "epoch", expected: epoch, found: repayment.epoch)
        try AuditDifference.check(place, "owed", expected: refunds.owed, found: repayment.owed)
        guard refunds.repayment == nil else {
            throw AuditDifference(place, "repayments of an epoch", expected: "one", found: "two")
        }
        refunds.repayment = repayment
        refunds.owed = try refunds.owed.subtracting(repayment.paid)
        flows.refunded = try flows.refunded.adding(repayment.paid)
        flows.repaid = repayment.paid
    }
}

extension ChargeHistory {
    /// Remembers what a leaf gave back.
    mutating func note(_ decision: RefundDecision, index: UInt64, today: UTCDay) {
        let isPrice = decision.ground == .overcharged
        returned = returned.adding(decision.held)
        var captured = decision.owed.adding(decision.stake)
        // What a lower price gives of days that were captured follows from the release.
        if isPrice { captured.storage = .zero }
        owed = owed.adding(captured)
        if decision.releasedPerDay > .zero {
            releases.append(
                Release(
                    logIndex: index, perDay: decision.releasedPerDay,
                    fromDay: isPrice ? firstDay : max(today, firstDay), isPrice: isPrice))
        }
        if decision.held.postage > .zero, !isPrice { isPostageHeld = false }
        if [.undelivered, .refused, .chargedTwice].contains(decision.ground) { isBaseHeld = false }
    }
}

extension RefundParts {
    /// Part by part; a sum above 2^128 − 1 is 2^128 − 1, which nothing equals that was paid.
    fileprivate func adding(_ other: RefundParts) -> RefundParts {
        func sum(_ a: Amount, _ b: Amount) -> Amount { (try? a.adding(b)) ?? .max }
        return RefundParts(
            base: sum(base, other.base), congestion: sum(congestion, other.congestion),
            storage: sum(storage, other.storage), postage: sum(postage, other.postage))
    }

    fileprivate var text: String {
        "base \(base), congestion \(congestion), storage \(storage), postage \(postage)"
    }
}
