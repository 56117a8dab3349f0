import Channels
import Primitives
import Rewards

/// The schedules of a payer's statement.
struct PayerSchedules {
    private typealias Cause = PayerMovement.Cause
    private typealias Moved = PayerStatement.Moved

    private let statement: PayerStatement
    private let opening: [ReportAccount: Amount]
    private let closing: [ReportAccount: Amount]
    private let byChannel: [Bytes32?: [Moved]]
    private var within: [Moved] { statement.within }

    /// Those of a statement whose accounts lead from `opening` to `closing`.
    init(_ statement: PayerStatement, from opening: [ReportAccount: Amount], to closing: [ReportAccount: Amount]) {
        self.statement = statement
        self.opening = opening
        self.closing = closing
        byChannel = Dictionary(grouping: statement.within, by: \.movement.channel)
    }

    func all() throws -> [Schedule] {
        [
            try channelSchedule(), try heldSchedule(), try refundSchedule(), try payableSchedule(), try owedSchedule(),
            try controlSchedule(),
        ]
    }

    /// The sum of some movements in the period.
    private func sum(
        _ moves: [Moved], _ amount: (PayerMovement) throws -> Amount?
    ) throws -> Amount {
        try Amount.sum(try moves.compactMap { try amount($0.movement) })
    }

    private static func isReturn(_ cause: Cause) -> Bool { cause.ground != nil }

    private func channelSchedule() throws -> Schedule {
        let charged = ReportAccount.Part.allCases.map { "charged_\($0.rawValue)" }
        let additions = ["deposited", "topped_up", "returned"]
        let reductions = charged + ["withdrawn", "closed"]
        let rows = try statement.channels.map { channel -> [ReportCell] in
            let account = ReportAccount.available(channel.id)
            let moves = byChannel[channel.id] ?? []
            func whole(_ cause: Cause) throws -> Amount {
                try sum(moves) { $0.cause == cause && !$0.isPayable ? $0.whole : nil }
            }
            let returned = try sum(moves) { Self.isReturn($0.cause) && !$0.isPayable ? try $0.total() : nil }
            let parts = try ReportAccount.Part.allCases.map { part in
                try sum(moves) { $0.cause == .charge ? part.amount(of: $0.parts) : nil }
            }
            let (opening, closing) = balances(of: account)
            let amounts =
                [opening, try whole(.deposit), try whole(.topUp), returned] + parts
                + [try whole(.withdrawal), try whole(.close), closing, channel.available]
            return [.text(channel.id.hex)] + amounts.map { .amount($0) }
        }
        return try schedule(
            "Channels: what they had to spend", "channels", ["channel"], additions, reductions, rows,
            chart: Schedule.Chart(title: "Available at the end", categories: "channel", values: "closing"))
    }

    private func heldSchedule() throws -> Schedule {
        let rows = try statement.channels.flatMap { channel in
            try ReportAccount.Part.allCases.compactMap { part -> [ReportCell]? in
                let moves = byChannel[channel.id] ?? []
                func amount(_ isCounted: (Cause) -> Bool) throws -> Amount {
                    try sum(moves) { isCounted($0.cause) ? part.amount(of: $0.parts) : nil }
                }
                let (opening, closing) = balances(of: .held(part, channel.id))
                let amounts = [
                    opening, try amount { $0 == .charge }, try amount { [.midnight, .cut, .postage].contains($0) },
                    try amount { if case .refund = $0 { true } else { false } }, closing,
                    part.amount(of: channel.held),
                ]
                guard amounts.contains(where: { $0 > .zero }) else { return nil }
                return [.text(channel.id.hex), .text(part.rawValue)] + amounts.map { .amount($0) }
            }
        }
        return try schedule(
            "Charged and not decided, by part", "held", ["channel", "part"], ["charged"], ["captured", "returned"], rows
        )
    }

    private func refundSchedule() throws -> Schedule {
        let rows = try RefundGround.allCases.map { ground -> [ReportCell] in
            let moves = within.filter { $0.movement.cause.ground == ground }
            func amount(_ cause: Cause) throws -> Amount {
                try sum(moves) { $0.cause == cause ? try $0.total() : nil }
            }
            let amounts = [
                try amount(.refund(ground)), try amount(.stake(ground)), try amount(.repayment(ground)),
                try sum(moves) { try $0.total() },
            ]
            return [.text(ground.name)] + amounts.map { .amount($0) }
        }
        let purses = ["from_holds", "from_stakes", "from_pools"]
        return try Schedule(
            "Refunds by ground",
            ReportTable(name: "refunds-by-ground", columns: ["ground"] + purses + ["amount"], rows: rows),
            totals: purses + ["amount"],
            rowChecks: [Schedule.RowCheck("holds + stakes + pools = amount", purses, equal: ["amount"])])
    }

    /// What is payable to the payer, tied to the books; of one channel, what it made payable.
    private func payableSchedule() throws -> Schedule {
        let additions = ["deposited", "returned", "withdrawn", "closed", "claimed"]
        let account = statement.payable.map { ReportAccount.payable($0.account) } ?? .madePayable
        func whole(_ isCounted: (PayerMovement) -> Bool) throws -> Amount {
            try sum(within) { isCounted($0) ? $0.whole : nil }
        }
        let (opening, closing) = balances(of: account)
        let amounts = [
            opening, try whole { [.deposit, .topUp].contains($0.cause) && $0.isPayable },
            try sum(within) { Self.isReturn($0.cause) && $0.isPayable ? try $0.total() : nil },
            try whole { $0.cause == .withdrawal }, try whole { $0.cause == .close }, try whole { $0.cause == .claim },
            try whole { $0.cause == .payout }, closing, statement.payable?.inBooks ?? closing,
        ]
        return try schedule(
            "Payable", "payables", ["account"], additions, ["paid_out"],
            [[.text(account.name)] + amounts.map { .amount($0) }])
    }

    private func owedSchedule() throws -> Schedule {
        let table = ReportTable(
            name: "owed", columns: ["channel", "ground", "opening", "decided", "paid", "closing"],
            rows: statement.owed.map(\.cells))
        return try Schedule(
            "Owed by pools, which pay at an edge", table, totals: ["opening", "decided", "paid", "closing"],
            rowChecks: [
                .rollForward(opening: "opening", additions: ["decided"], reductions: ["paid"], closing: "closing")
            ])
    }

    private func controlSchedule() throws -> Schedule {
        let kinds = Dictionary(grouping: within) { $0.movement.cause.kind }
        let rows = kinds.sorted { $0.key < $1.key }.map { kind, moves in
            [ReportCell.text(kind), .integer(moves.reduce(0) { $0 + $1.count })]
        }
        return try Schedule("Movements", ReportTable(name: "control", columns: ["kind", "count"], rows: rows))
    }

    private func balances(of account: ReportAccount) -> (opening: Amount, closing: Amount) {
        (opening[account] ?? .zero, closing[account] ?? .zero)
    }

    /// A roll-forward whose closing is compared with the sub-ledger or the books.
    private func schedule(
        _ title: String, _ name: String, _ keys: [String], _ additions: [String], _ reductions: [String],
        _ rows: [[ReportCell]], chart: Schedule.Chart? = nil
    ) throws -> Schedule {
        let amounts = ["opening"] + additions + reductions + ["closing", "in_books"]
        return try Schedule(
            title, ReportTable(name: name, columns: keys + amounts, rows: rows), totals: amounts,
            rowChecks: [
                .rollForward(opening: "opening", additions: additions, reductions: reductions, closing: "closing"),
                Schedule.RowCheck("closing = what the books say", ["closing"], equal: ["in_books"]),
            ], chart: rows.isEmpty ? nil : chart)
    }
}
