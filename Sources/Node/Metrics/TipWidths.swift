import Primitives

/// How many tips all topics have together, and how many the wide ones have: kept, so that nobody has to count them.
///
/// Of a topic with one tip, as nearly all have, nothing is kept.
struct TipWidths: Hashable, Sendable {
    /// What an event changed of its topic's tips.
    struct Change {
        let topic: Bytes32
        /// How many tips it covers.
        let covered: Int
        /// Whether it became one.
        let isTip: Bool
        /// Whether the topic had tips that it does not cover; asked only where it covers none.
        let hadOthers: Bool
    }

    private(set) var total = 0
    private var wide: [Bytes32: Int] = [:]

    /// The most tips of one topic.
    var widest: Int { wide.values.max() ?? min(total, 1) }

    /// Starts with what the tables hold: the total, and the topics with more than one.
    init(total: Int = 0, wide: [Bytes32: Int] = [:]) {
        self.total = total
        self.wide = wide
    }

    mutating func follow(_ change: Change) {
        let before = wide[change.topic] ?? (change.covered > 0 ? change.covered : change.hadOthers ? 1 : 0)
        set(change.topic, to: before - change.covered + (change.isTip ? 1 : 0), from: before)
    }

    /// A tip is gone with its event.
    mutating func remove(of topic: Bytes32) {
        let before = wide[topic] ?? 1
        set(topic, to: before - 1, from: before)
    }

    private mutating func set(_ topic: Bytes32, to count: Int, from before: Int) {
        total += count - before
        wide[topic] = count > 1 ? count : nil
    }
}
