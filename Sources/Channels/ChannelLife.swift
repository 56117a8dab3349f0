public import Primitives

/// Where money that comes for a channel goes.
public enum ChannelCredit: Hashable, Sendable {
    /// To the channel.
    case channel
    /// To what is payable to its payer: the channel is over.
    case payable
}

/// The life of a channel after its opening: opening → open ⇄ top-up → closing → closed. No stage comes back.
extension ChannelState {
    /// A channel that was opened and holds nothing.
    public init(_ opening: OpenChannel, id: Bytes32) {
        self.init(
            id: id, payer: opening.payer, signer: opening.signer, stage: .opening, deposited: .zero, refunded: .zero,
            withdrawn: .zero, lanes: [:])
    }

    /// Credits a deposit that the settlement confirmed. A channel opens when it holds `minimum`; one that is closing does
    /// not open again.
    public mutating func credit(deposit amount: Amount, minimum: Amount) throws(AmountError) -> ChannelCredit {
        guard stage != .closed else { return .payable }
        deposited = try deposited.adding(amount)
        if stage == .opening, deposited >= minimum { stage = .open }
        return .channel
    }

    /// Where a refund goes; what it adds is the caller's to book.
    public var refundCredit: ChannelCredit { stage == .closed ? .payable : .channel }

    /// The sum of the lanes' ceilings: what the payer has signed away already.
    public var reserved: Amount {
        get throws(AmountError) { try Amount.sum(lanes.values.map(\.ceiling)) }
    }

    /// What a withdrawal may take now: coverage − reserved.
    public var withdrawable: Amount {
        get throws(AmountError) { try coverage.subtracting(try reserved) }
    }

    /// Takes money out, up to the cumulative amount that the payer signed; the same withdrawal again takes nothing.
    ///
    /// - Parameters:
    ///   - now: the log's time.
    ///   - smallest: the least that is moved in one go, unless it is all that can be; each is a leaf of the log.
    /// - Returns: how much was taken.
    public mutating func withdraw(
        _ withdrawal: Withdrawal, now: UInt64, smallest: Amount
    ) throws(ChannelRefusal) -> Amount {
        precondition(withdrawal.channelID == id, "a withdrawal is applied to the channel that it names")
        if withdrawal.cumulative == withdrawn { return .zero }
        try checkTakesActs()
        guard now <= withdrawal.validUntil else { throw .validUntil(found: withdrawal.validUntil, now: now) }
        guard let amount = try? withdrawal.cumulative.subtracting(withdrawn) else {
            throw .withdrawn(found: withdrawal.cumulative, already: withdrawn)
        }
        guard let limit = try? withdrawable, amount <= limit else {
            throw .reserved(found: amount, limit: (try? withdrawable) ?? .zero)
        }
        guard amount >= smallest || amount == limit else { throw .smallest(found: amount, smallest: smallest) }
        withdrawn = withdrawal.cumulative
        return amount
    }

    /// Begins the close that nobody can refuse, as the payer asks. Asked again, it ends when it was to end.
    ///
    /// - Parameters:
    ///   - now: the log's time.
    ///   - challengeWindow: seconds until the end.
    /// - Returns: whether anything changed; ``closesAt`` says when it ends.
    public mutating func close(
        _ request: RequestClose, now: UInt64, challengeWindow: UInt64
    ) throws(ChannelRefusal) -> Bool {
        precondition(request.channelID == id, "a request is applied to the channel that it names")
        guard stage == .closing || now <= request.validUntil else {
            throw .validUntil(found: request.validUntil, now: now)
        }
        return try beginClose(now: now, challengeWindow: challengeWindow)
    }

    /// Begins the close on the service's own behalf.
    public mutating func beginClose(now: UInt64, challengeWindow: UInt64) throws(ChannelRefusal) -> Bool {
        switch stage {
        case .closed: throw .closed
        case .closing: return false
        case .opening, .open:
            let (end, over) = now.addingReportingOverflow(challengeWindow)
            stage = .closing
            closesAt = over ? .max : end
            return true
        }
    }

    /// Ends the channel at what was charged.
    ///
    /// - Returns: what is left, which becomes payable to the payer.
    public mutating func close() throws(AmountError) -> Amount {
        precondition(stage != .closed, "a channel is closed once")
        let left = try available
        withdrawn = try withdrawn.adding(left)
        stage = .closed
        closesAt = nil
        return left
    }

    /// Ends the channel at once, as its payer agrees to.
    ///
    /// - Returns: what is left, which becomes payable to the payer.
    public mutating func close(_ agreement: CloseChannel, now: UInt64) throws(ChannelRefusal) -> Amount {
        precondition(agreement.channelID == id, "an agreement is applied to the channel that it names")
        guard stage != .closed else { throw .closed }
        guard now <= agreement.validUntil else { throw .validUntil(found: agreement.validUntil, now: now) }
        do {
            let found = try charged
            guard found == agreement.charged else {
                throw ChannelRefusal.charged(signed: agreement.charged, found: found)
            }
            return try close()
        } catch let refusal as ChannelRefusal {
            throw refusal
        } catch {
            preconditionFailure("what a channel was charged is covered by what it holds")
        }
    }

    /// Refuses what only a channel that is not on its way out takes.
    func checkTakesActs() throws(ChannelRefusal) {
        switch stage {
        case .opening, .open: return
        case .closing: throw .closing(until: closesAt ?? 0)
        case .closed: throw .closed
        }
    }
}
