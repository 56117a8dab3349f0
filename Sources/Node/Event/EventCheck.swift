import FoundationEssentials
import Primitives

/// Checks many events by their bytes alone, on every processor: the same for what a peer brings and for what a file holds.
struct EventCheck: Sendable {
    /// The fewest events that are checked by a task of their own.
    private static let least = 8
    private static let processors = ProcessInfo.processInfo.activeProcessorCount

    let rules: AdmissionRules
    let registry: Registry
    let heads: TrustedHeads

    /// The outcomes, in the events' order.
    func run(_ events: [WireEvent]) async -> [Result<CheckedEvent, EventRefusal>] {
        let parts = min(Self.processors, events.count / Self.least)
        guard parts > 1 else { return events.map(run) }
        return await withTaskGroup(of: (Int, [Result<CheckedEvent, EventRefusal>]).self) { group in
            for part in 0..<parts {
                let range = events.count * part / parts..<events.count * (part + 1) / parts
                group.addTask { (part, events[range].map { self.run($0) }) }
            }
            var found = [[Result<CheckedEvent, EventRefusal>]](repeating: [], count: parts)
            for await (part, outcomes) in group { found[part] = outcomes }
            return found.flatMap(\.self)
        }
    }

    private func run(_ event: WireEvent) -> Result<CheckedEvent, EventRefusal> {
        Result { () throws(EventRefusal) in
            try rules.check(event, key: registry.key(of:), isTrusted: heads.isTrusted)
        }
    }
}
