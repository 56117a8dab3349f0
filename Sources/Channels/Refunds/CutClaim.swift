/// What was shown for a charge until the delivery cut of its epoch.
public struct ShownEvidence: Hashable, Sendable {
    /// What became of the charge that paid for the envelope before.
    public enum First: Hashable, Sendable {
        /// It was voided: the later charge is the one that paid.
        case void
        /// It stands, and some node lists it or not.
        case standing(isListed: Bool)
    }

    /// Whether its payer holds a node's acknowledgement.
    public let isAcknowledged: Bool
    /// Whether its payer holds a node's refusal.
    public let isRefused: Bool
    /// The charge that paid for the envelope before, if one was shown.
    public let first: First?

    /// Puts it together.
    public init(isAcknowledged: Bool, isRefused: Bool, first: First?) {
        self.isAcknowledged = isAcknowledged
        self.isRefused = isRefused
        self.first = first
    }
}

extension DeliveryCut {
    /// On which ground a charge is voided at the cut, by the lists of the holders; `nil` where it is captured.
    ///
    /// A refusal counts only where no node lists the charge: whoever published elsewhere was served. A second charge of
    /// an envelope goes back where the first stands, unless only the second was published: then its event is the message.
    public static func claim(
        charge: UInt64, holders: Int, reports: [Delivered], shown: ShownEvidence
    ) -> RefundClaim? {
        if isUndelivered(charge: charge, holders: holders, reports: reports, isAcknowledged: shown.isAcknowledged) {
            return .undelivered
        }
        let isListed = reports.contains { $0.charges.contains(charge) }
        if shown.isRefused && !isListed { return .refused }
        return isDouble(isListed: isListed, first: shown.first) ? .chargedTwice : nil
    }

    /// Whether a charge is one too many for its envelope; the same rule decides at the cut and after it.
    public static func isDouble(isListed: Bool, first: ShownEvidence.First?) -> Bool {
        guard case .standing(let firstIsListed) = first else { return false }
        return firstIsListed || !isListed
    }
}
