import Channels
import Primitives
import Storage

/// What went back on one ground, added up from exported tables.
struct GroundFigures {
    let ground: RefundGround
    /// How many decisions there were: a leaf of the log each.
    var refunds = 0
    /// What they gave of each part.
    var parts = RefundParts()
    /// What was paid by the last edge: out of holds and stakes at once, out of a pool right before an edge.
    var paid = Amount.zero

    /// What the decisions gave in all.
    func amount() throws(AmountError) -> Amount { try parts.total() }

    mutating func add(_ other: GroundFigures) throws(AmountError) {
        refunds += other.refunds
        paid = try paid.adding(other.paid)
        parts.base = try parts.base.adding(other.parts.base)
        parts.congestion = try parts.congestion.adding(other.parts.congestion)
        parts.storage = try parts.storage.adding(other.parts.storage)
        parts.postage = try parts.postage.adding(other.parts.postage)
    }
}

/// Refunds by ground of an epoch, from the tables of an export that was audited.
struct RefundFigures {
    let grounds: [GroundFigures]

    /// - Parameter firstIndex: the epoch's first leaf; debts of earlier leaves were counted in their own epochs.
    init(_ folder: AuditFolder, firstIndex: UInt64) throws {
        var found: [RefundGround: GroundFigures] = [:]
        var leaves: [RefundGround: Set<String>] = [:]
        func add(_ name: String, leaf: String, _ body: (inout GroundFigures) throws -> Void) throws {
            guard let ground = RefundGround.allCases.first(where: { $0.name == name }) else {
                throw OperatorError("\(folder.path) has a refund on an unknown ground, \(name).")
            }
            try body(&found[ground, default: GroundFigures(ground: ground)])
            if UInt64(leaf) ?? 0 >= firstIndex { leaves[ground, default: []].insert(leaf) }
        }
        try CSVFile.forEachRow(try folder.source("refunds.csv"), columns: EpochTables.refundColumns) { row in
            let amount = try Self.amount(row[5])
            try add(row[3], leaf: row[0]) {
                try $0.parts.add(amount, to: row[2])
                if row[4] != RefundSource.pool.rawValue { $0.paid = try $0.paid.adding(amount) }
            }
        }
        try CSVFile.forEachRow(try folder.source("debts.csv"), columns: DebtRow.form.columns) { row in
            try add(row[2], leaf: row[0]) {
                $0.paid = try $0.paid.adding(try Self.amount(row[4]))
                // What an outage gives is no charge's by itself, so that it is in no other table.
                guard $0.ground == .declaredOutage, UInt64(row[0]) ?? 0 >= firstIndex else { return }
                try $0.parts.add(try Self.amount(row[3]), to: "storage")
            }
        }
        for (ground, leaves) in leaves { found[ground]?.refunds = leaves.count }
        grounds = RefundGround.allCases.compactMap { found[$0] }
    }

    private static func amount(_ text: String) throws -> Amount {
        guard let amount = Amount(decimal: text) else { throw OperatorError("\(text) is no amount.") }
        return amount
    }

    /// All epochs together, by ground.
    static func sum(_ epochs: [RefundFigures]) throws -> [GroundFigures] {
        try RefundGround.allCases.compactMap { ground in
            var sum = GroundFigures(ground: ground)
            for epoch in epochs {
                for figures in epoch.grounds where figures.ground == ground { try sum.add(figures) }
            }
            return sum.refunds > 0 || sum.paid > .zero ? sum : nil
        }
    }

    /// Where what payers were told differs from what is in the exports.
    static func complaints(_ told: [RefundGround: RefundTally], _ epochs: [RefundFigures]) throws -> [String] {
        let found = try sum(epochs)
        return try RefundGround.allCases.compactMap { ground in
            let figures = found.first { $0.ground == ground } ?? GroundFigures(ground: ground)
            let exported = RefundTally(count: figures.refunds, amount: try figures.amount())
            let expected = told[ground] ?? RefundTally()
            if expected == exported, expected.count == 0 || expected.amount > .zero { return nil }
            return "\(ground.name): payers were told of \(expected.count) refunds of \(expected.amount), exported are "
                + "\(exported.count) of \(exported.amount)"
        }
    }
}

extension RefundParts {
    fileprivate mutating func add(_ amount: Amount, to part: String) throws {
        switch part {
        case "base": base = try base.adding(amount)
        case "congestion": congestion = try congestion.adding(amount)
        case "storage": storage = try storage.adding(amount)
        case "postage": postage = try postage.adding(amount)
        default: throw OperatorError("A refund is of an unknown part, \(part).")
        }
    }
}
