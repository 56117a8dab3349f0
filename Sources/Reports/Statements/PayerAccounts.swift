import Channels
public import Primitives

/// How a payer's movements are posted from the payer's own view.
public struct PayerAccounts: Sendable {
    /// Where money goes that leaves a channel.
    private let payable: ReportAccount

    /// Those of a statement.
    ///
    /// - Parameter payer: Whose; `nil` in a statement of one channel, which does not show what is payable to its payer.
    public init(_ payer: Address?) {
        payable = payer.map(ReportAccount.payable) ?? .madePayable
    }

    func post(_ movement: PayerMovement, to postings: inout StatementPostings) throws(AmountError) {
        let whole = movement.whole
        guard let channel = movement.channel else {
            if movement.cause == .payout {
                try postings.move(whole, from: payable, to: .paidOut)
            } else {
                try postings.move(whole, from: .received(by: movement.cause.kind), to: payable)
            }
            return
        }
        let available = ReportAccount.available(channel)
        let target = movement.isPayable ? payable : available
        switch movement.cause {
        case .deposit, .topUp: try postings.move(whole, from: .deposited, to: target)
        case .charge: try post(movement, &postings) { (available, .held($0, channel)) }
        case .midnight, .cut, .postage: try post(movement, &postings) { (.held($0, channel), .paid($0)) }
        case .refund: try post(movement, &postings) { (.held($0, channel), target) }
        case .stake(let ground): try post(movement, &postings) { _ in (.returned(ground), target) }
        case .repayment(let ground): try postings.move(whole, from: .returned(ground), to: target)
        case .withdrawal, .close: try postings.move(whole, from: available, to: payable)
        case .claim, .payout: break
        }
    }

    private func post(
        _ movement: PayerMovement, _ postings: inout StatementPostings,
        _ ends: (ReportAccount.Part) -> (from: ReportAccount, to: ReportAccount)
    ) throws(AmountError) {
        for part in ReportAccount.Part.allCases {
            let (from, to) = ends(part)
            try postings.move(part.amount(of: movement.parts), from: from, to: to)
        }
    }
}

extension PayerMovement.Cause {
    /// The kind of its entries.
    var kind: String {
        switch self {
        case .deposit: "deposit"
        case .topUp: "topup"
        case .charge: "charge"
        case .midnight: "midnight"
        case .cut: "cut"
        case .postage: "postage"
        case .refund: "refund"
        case .stake: "stake"
        case .repayment: "repayment"
        case .withdrawal: "withdrawal"
        case .close: "close"
        case .claim: "claim"
        case .payout: "payout"
        }
    }

    /// The ground of what goes back.
    var ground: RefundGround? {
        switch self {
        case .refund(let ground), .stake(let ground), .repayment(let ground): ground
        default: nil
        }
    }
}
