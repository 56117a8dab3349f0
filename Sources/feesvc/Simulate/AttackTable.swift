import Primitives
import Rewards

/// What attacks on a ruleset bring, by attack and stake.
struct AttackTable {
    /// A coalition's outcome; gains are attacking − paid − honest, with a minus where they are losses.
    struct Row: Codable, Equatable {
        let attack: String
        let stake: Int
        let honest: Amount
        let attacking: Amount
        let paid: Amount
        let gain: String
        let othersGain: String
    }

    let rows: [Row]

    init(_ ruleset: Ruleset, attacks: [Attack], percents: [Int], seed: UInt64) throws {
        var rows: [Row] = []
        for attack in attacks {
            for percent in percents {
                let outcome = try AttackModel(ruleset, percent: percent, seed: seed).run(attack)
                rows.append(
                    Row(
                        attack: attack.rawValue, stake: percent, honest: outcome.honest, attacking: outcome.attacking,
                        paid: outcome.paid, gain: Self.text(outcome.gain), othersGain: Self.text(outcome.othersGain)))
            }
        }
        self.rows = rows
    }

    private static func text(_ gain: (isPositive: Bool, amount: Amount)) -> String {
        (gain.isPositive || gain.amount == .zero ? "" : "-") + gain.amount.decimal
    }

    /// The table for people.
    var text: String {
        TextTable.render(
            ["attack", "stake %", "honest", "attacking", "paid", "gain", "others' gain"],
            rows.map {
                [
                    $0.attack, String($0.stake), $0.honest.decimal, $0.attacking.decimal, $0.paid.decimal, $0.gain,
                    $0.othersGain,
                ]
            })
    }
}
