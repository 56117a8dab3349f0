import Channels
import Primitives
import Reports
import Rewards
import Storage

/// What corrections did: those that a period made, and what a sealed epoch's split is with all that were made in its name.
struct Restatement {
    let corrections: [CorrectionStore.Stored]

    /// The corrections, a row each.
    func schedule() throws -> Schedule {
        try Schedule(
            "Corrections",
            ReportTable(
                name: "corrections", columns: ["entry", "made_in", "corrects", "from", "to", "amount", "reason"],
                rows: corrections.map { made in
                    [
                        .integer(made.entry), .integer(made.inEpoch), .integer(made.correction.epoch),
                        .text(made.correction.from.name), .text(made.correction.to.name),
                        .amount(made.correction.amount), .text(made.correction.reason),
                    ]
                }), totals: ["amount"])
    }

    /// The split of a sealed epoch's pool, line by line as it was reported, with what corrections added and took.
    ///
    /// `funded` is what a line gave beyond what it had of this epoch: out of a later pool, out of income or rewards of other
    /// epochs.
    func schedule(of result: EpochResult, operators: [UInt32: Address]) throws -> Schedule {
        var lines: [(name: String, reported: Amount)] = [
            ("applications", result.apps), (Correction.Purse.protocolIncome.name, result.protocolIncome),
            ("carried", result.dust), (Correction.Purse.pool.name, .zero),
        ]
        var rewards: [String: Amount] = [:]
        for row in result.rows {
            guard let address = operators[row.node] else { continue }
            rewards[Correction.Purse.rewards(address).name] = row.reward
        }
        for correction in corrections.map(\.correction) {
            for name in [correction.from.name, correction.to.name] where !lines.contains(where: { $0.name == name }) {
                rewards[name] = rewards[name] ?? .zero
            }
        }
        lines += rewards.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return try Schedule(
            "Restatement",
            ReportTable(
                name: "restatement", columns: ["line", "reported", "added", "funded", "taken", "restated"],
                rows: try lines.map { line in try row(line.name, line.reported) }),
            totals: ["reported", "added", "funded", "taken", "restated"],
            rowChecks: [
                Schedule.RowCheck(
                    "reported + added + funded = taken + restated", ["reported", "added", "funded"],
                    equal: ["taken", "restated"])
            ])
    }

    private func row(_ name: String, _ reported: Amount) throws -> [ReportCell] {
        let added = try Amount.sum(corrections.filter { $0.correction.to.name == name }.map(\.correction.amount))
        let taken = try Amount.sum(corrections.filter { $0.correction.from.name == name }.map(\.correction.amount))
        let has = try reported.adding(added)
        let funded = taken > has ? try taken.subtracting(has) : .zero
        let restated = try has.adding(funded).subtracting(taken)
        return [.text(name), .amount(reported), .amount(added), .amount(funded), .amount(taken), .amount(restated)]
    }

    /// What is added somewhere was taken elsewhere.
    static let balanced = ReportCheck(
        "added by corrections = taken by corrections", [.column(schedule: "restatement", column: "added")],
        equal: [.column(schedule: "restatement", column: "taken")])
}

extension ReportPeriod {
    /// The period with what was corrected in its name since, up to the newest of these corrections.
    func restated(by corrections: [CorrectionStore.Stored]) throws -> ReportPeriod {
        guard let last = corrections.last else {
            throw OperatorError("Nothing was corrected in the name of \(name); its report stands as it is.")
        }
        return ReportPeriod(
            name: "\(name)-restated-\(last.entry)", period: period, from: from, to: to, entries: entries,
            leaves: leaves)
    }
}
