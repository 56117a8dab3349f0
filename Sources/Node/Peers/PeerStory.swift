/// What of the connection to a peer is worth a line for the node's operator: that it came, when both were equal, that healing takes
/// longer than it should, and that and why it ended. Pushes that cross a comparison are none of it.
struct PeerStory: Sendable {
    enum Line: Hashable, Sendable {
        case connected
        /// Both hold the same: so long after they were connected, or since they differed, and so many events came meanwhile.
        case equal(after: Duration, events: UInt64)
        /// Comparisons in a row that did not end equal.
        case healing(comparisons: Int)
        case lost(after: Duration, reason: String)
        /// An attempt that failed for another reason than the one before.
        case failed(reason: String)
    }

    /// So many comparisons in a row that are not equal are no crossing of pushes.
    static let patience = 3

    private var since: ContinuousClock.Instant?
    private var differing: ContinuousClock.Instant?
    private var eventsBefore: UInt64 = 0
    private var unequal = 0
    private var isTold = false
    private var reason: String?

    mutating func connected(events: UInt64, now: ContinuousClock.Instant) -> Line {
        since = now
        differing = now
        eventsBefore = events
        unequal = 0
        isTold = true
        reason = nil
        return .connected
    }

    /// A comparison ended; `events` counts all that came from the peer.
    mutating func compared(isEqual: Bool, events: UInt64, now: ContinuousClock.Instant) -> Line? {
        guard isEqual else {
            unequal += 1
            if differing == nil {
                differing = now
                eventsBefore = events
            }
            guard unequal == Self.patience else { return nil }
            isTold = true
            return .healing(comparisons: unequal)
        }
        defer {
            (unequal, isTold, differing) = (0, false, nil)
            eventsBefore = events
        }
        guard isTold, let differing else { return nil }
        return .equal(after: now - differing, events: events - eventsBefore)
    }

    mutating func ended(reason found: String, now: ContinuousClock.Instant) -> Line? {
        defer {
            since = nil
            reason = found
        }
        if let since { return .lost(after: now - since, reason: found) }
        return reason == found ? nil : .failed(reason: found)
    }
}
