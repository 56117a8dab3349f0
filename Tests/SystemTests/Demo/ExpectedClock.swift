/// When the demo's clock says that each message of a trace was accepted.
///
/// The rule of the issue: consecutive messages between two stops are a group, accepted at the last `sent_at` of the
/// group. Stops are UTC midnights, which are the edges here, the delivery cuts half a day after each edge (the kill of
/// a node is one of these moments), and the ends of postage windows.
struct ExpectedClock {
    static let postageWindow: UInt64 = 72 * 3_600

    /// The moment of acceptance of each message, by its place.
    let accepted: [UInt64]
    /// The places of the messages that open a topic.
    let openings: [Int]
    /// How many epochs are sealed: the clock runs on to the first edge at or after the last postage window's end.
    let epochCount: UInt64

    init(_ messages: [SentMessage], start: UInt64, day: UInt64) {
        var known: Set<Int> = []
        openings = messages.indices.filter { known.insert(messages[$0].topic).inserted }
        var accepted: [UInt64] = []
        var windows: [UInt64] = []
        while accepted.count < messages.count {
            let first = messages[accepted.count].sentAt
            let halfDays = (first - start) / (day / 2) + 1
            // No epoch ends half a day before the first cut.
            let boundary = start + max(halfDays, 2) * (day / 2)
            let stop = min(boundary, windows.filter { $0 > first }.min() ?? boundary)
            let group = accepted.count..<messages.count
            let end = group.first { messages[$0].sentAt >= stop } ?? messages.count
            let moment = messages[end - 1].sentAt
            windows += openings.filter { (accepted.count..<end).contains($0) }.map { _ in moment + Self.postageWindow }
            accepted += Array(repeating: moment, count: end - accepted.count)
        }
        self.accepted = accepted
        let last = max(windows.max() ?? 0, (messages.last?.sentAt ?? start) + 1)
        epochCount = (last - start + day - 1) / day
    }
}
