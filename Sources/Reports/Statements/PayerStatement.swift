public import Channels
public import Primitives
import Rewards

/// A payer's statement without its journal: what its channels and what is payable to it did in a period.
///
/// Openings and movements are added up from what single leaves moved; closings are compared with what the sub-ledger and the
/// books say, which know nothing of movements.
public struct PayerStatement: Sendable {
    /// Movements of one kind, added up.
    public struct Moved: Sendable {
        /// How many.
        public let count: UInt64
        /// What they come to.
        public let movement: PayerMovement

        /// Makes a sum.
        public init(count: UInt64, _ movement: PayerMovement) {
            self.count = count
            self.movement = movement
        }
    }

    /// A channel as the sub-ledger has it at the period's end.
    public struct Channel: Sendable {
        /// Its id.
        public let id: Bytes32
        /// What it had to spend.
        public let available: Amount
        /// What was held of its charges.
        public let held: RefundParts

        /// Makes a channel.
        public init(id: Bytes32, available: Amount, held: RefundParts) {
            self.id = id
            self.available = available
            self.held = held
        }
    }

    /// What pools owe a channel on one ground.
    public struct Owed: Sendable {
        let cells: [ReportCell]

        /// Makes a row: what was not paid before the period, what was decided and paid in it, what was not paid at its end.
        public init(
            channel: Bytes32, ground: RefundGround, opening: Amount, decided: Amount, paid: Amount, closing: Amount
        ) {
            cells = [.text(channel.hex), .text(ground.name)] + [opening, decided, paid, closing].map { .amount($0) }
        }
    }

    /// Movements before the period.
    public let before: [Moved]
    /// Movements in it.
    public let within: [Moved]
    /// The channels that moved by its end, by id.
    public let channels: [Channel]
    /// The payer and what was payable to it in the books at the period's end; `nil` in a statement of one channel.
    public let payable: (account: Address, inBooks: Amount)?
    /// What pools owe.
    public let owed: [Owed]

    /// Puts a statement together.
    public init(
        before: [Moved], within: [Moved], channels: [Channel], payable: (account: Address, inBooks: Amount)?,
        owed: [Owed]
    ) {
        self.before = before
        self.within = within
        self.channels = channels
        self.payable = payable
        self.owed = owed
    }

    /// How its movements are posted.
    public var accounts: PayerAccounts { PayerAccounts(payable?.account) }

    /// What messages were charged.
    public struct Charged: Hashable, Sendable {
        /// How many.
        public let count: UInt64
        /// All their prices.
        public let total: Amount

        /// Makes a figure.
        public init(count: UInt64 = 0, total: Amount = .zero) {
            self.count = count
            self.total = total
        }
    }

    /// What was charged in the period.
    public var charged: Charged {
        get throws(AmountError) {
            var charged = Charged()
            for moved in within where moved.movement.cause == .charge {
                charged = Charged(
                    count: charged.count + moved.count, total: try charged.total.adding(try moved.movement.total()))
            }
            return charged
        }
    }

    /// The statement without its journal. Throws where anything in it disagrees.
    public func report(_ scope: ReportScope) throws -> Report {
        let opening = try StatementPostings.opening(try posted(before).balances())
        let closing = try posted(within).balances(after: opening)
        return try Report(
            scope: scope, from: opening, to: closing,
            schedules: try PayerSchedules(self, from: opening, to: closing).all(), checks: Self.checks)
    }

    /// What movements of one channel added to what it has to spend, and took from it.
    public static func change(
        ofAvailable moves: [PayerMovement]
    ) throws(AmountError) -> (more: Amount, less: Amount) {
        var more = Amount.zero
        var less = Amount.zero
        for move in moves where !move.isPayable {
            switch move.cause {
            case .deposit, .topUp, .refund, .stake, .repayment: more = try more.adding(try move.total())
            case .charge, .withdrawal, .close: less = try less.adding(try move.total())
            case .midnight, .cut, .postage, .claim, .payout: break
            }
        }
        return (more, less)
    }

    private func posted(_ moves: [Moved]) throws -> StatementPostings {
        try moves.reduce(into: StatementPostings()) { try accounts.post($1.movement, to: &$0) }
    }

    private static var checks: [ReportCheck] {
        func column(_ schedule: String, _ column: String) -> ReportCheck.Source {
            .column(schedule: schedule, column: column)
        }
        return [
            ReportCheck(
                "charged by channel = charged by part",
                ReportAccount.Part.allCases.map { column("channels", "charged_\($0.rawValue)") },
                equal: [column("held", "charged")]),
            ReportCheck(
                "refunds by ground = returned to channels and payables", [column("refunds-by-ground", "amount")],
                equal: [column("channels", "returned"), column("payables", "returned")]),
            ReportCheck(
                "refunds out of holds = returned by part", [column("refunds-by-ground", "from_holds")],
                equal: [column("held", "returned")]),
            ReportCheck(
                "refunds out of pools = paid of what is owed", [column("refunds-by-ground", "from_pools")],
                equal: [column("owed", "paid")]),
            ReportCheck(
                "out of channels = made payable", [column("channels", "withdrawn"), column("channels", "closed")],
                equal: [column("payables", "withdrawn"), column("payables", "closed")]),
        ]
    }
}
