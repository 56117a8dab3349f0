public import Primitives

/// The rule by which a node pays for a message that it vouched for and lost.
public enum NodeFault {
    /// The part of a stake that one delivery cut can take: a tenth.
    static let capDivisor: UInt128 = 10

    /// Whether the node that acknowledged a charge is at fault for it: it does not list it itself.
    public static func holds(node: UInt32, charge: UInt64, reports: [Delivered]) -> Bool {
        !reports.contains { $0.node == node && $0.charges.contains(charge) }
    }

    /// The most that one cut takes of a stake, rounded down.
    public static func cap(stake: Amount) throws(AmountError) -> Amount {
        try stake.dividedRoundingDown(by: capDivisor)
    }

    /// The losses that one node has to make good, each in the same proportion where they are more than `funds`: every
    /// part rounded down.
    public static func within(_ funds: Amount, _ losses: [RefundDecision]) throws(AmountError) -> [RefundDecision] {
        var sum = Amount.zero
        for loss in losses { sum = try sum.adding(try loss.stake.total()) }
        guard sum > funds else { return losses }
        var scaled: [RefundDecision] = []
        for loss in losses {
            var decision = RefundDecision(loss.ground)
            decision.stake = RefundParts(
                base: try loss.stake.base.scaledRoundingDown(by: funds.units, over: sum.units),
                congestion: try loss.stake.congestion.scaledRoundingDown(by: funds.units, over: sum.units),
                storage: try loss.stake.storage.scaledRoundingDown(by: funds.units, over: sum.units),
                postage: try loss.stake.postage.scaledRoundingDown(by: funds.units, over: sum.units))
            scaled.append(decision)
        }
        return scaled
    }
}
