import Primitives

/// A figure in which two results of one epoch differ.
public struct ResultDifference: Hashable, Sendable {
    /// The node in whose row it stands; `nil` for a figure of the whole epoch.
    public let node: UInt32?
    /// The figure's name, as `reward` or `root`.
    public let figure: String
    /// What one result says: amounts in units, metrics in parts per 10^9, `none` where it has no row.
    public let own: String
    /// What the other says.
    public let other: String

    /// The figure and whose it is, as `reward of node 3`.
    public var name: String { node.map { "\(figure) of node \($0)" } ?? figure }
}

extension EpochResult {
    /// Every figure in which `other` differs from this result: money of the epoch, rows by node, then what identifies it.
    /// Empty only where both have the same canonical bytes.
    public func differences(from other: EpochResult) -> [ResultDifference] {
        Self.differences(money, other.money) + rowDifferences(from: other)
            + Self.differences(identity, other.identity)
    }

    private typealias Figure = (name: String, value: String)

    private var money: [Figure] {
        [
            ("base", base), ("storage", storage), ("postage", postage), ("dust in", dustIn), ("grants", grants),
            ("refunds", refunds), ("pool", pool), ("applications", apps), ("protocol", protocolIncome),
            ("rewards", rewards), ("dust", dust),
        ].map { ($0.0, $0.1.decimal) }
    }

    private var identity: [Figure] {
        [
            ("root", "\(root)"), ("inputs", "\(inputs)"), ("ruleset", "\(ruleset)"), ("epoch", "\(epoch)"),
            ("first index", "\(firstIndex)"), ("end index", "\(endIndex)"), ("dropped metrics", "\(dropped.rawValue)"),
        ]
    }

    private func rowDifferences(from other: EpochResult) -> [ResultDifference] {
        let mine = Dictionary(rows.map { ($0.node, $0.figures) }) { first, _ in first }
        let theirs = Dictionary(other.rows.map { ($0.node, $0.figures) }) { first, _ in first }
        var found = Set(mine.keys).union(theirs.keys).sorted().flatMap { node in
            guard let own = mine[node], let other = theirs[node] else {
                return [
                    ResultDifference(
                        node: node, figure: "reward", own: mine[node]?.first?.value ?? "none",
                        other: theirs[node]?.first?.value ?? "none")
                ]
            }
            return Self.differences(own, other, node: node)
        }
        let (order, otherOrder) = (rows.map(\.node), other.rows.map(\.node))
        if found.isEmpty, order != otherOrder {
            found.append(
                ResultDifference(node: nil, figure: "order of nodes", own: "\(order)", other: "\(otherOrder)"))
        }
        return found
    }

    private static func differences(
        _ own: [Figure], _ other: [Figure], node: UInt32? = nil
    ) -> [ResultDifference] {
        zip(own, other).filter { $0.value != $1.value }.map {
            ResultDifference(node: node, figure: $0.name, own: $0.value, other: $1.value)
        }
    }
}

extension RewardRow {
    fileprivate var figures: [(name: String, value: String)] {
        [
            ("reward", reward.decimal), ("payout", "\(payout)"), ("held", "\(contribution.held)"),
            ("available", "\(contribution.available)"), ("attested", "\(contribution.attested)"),
            ("earned", earned.decimal), ("shared", shared.decimal), ("taken", taken.decimal),
            ("cumulative", cumulative.decimal),
        ]
    }
}
