import Channels
import Logging
import Primitives

extension ReplicationNode {
    /// What the node counts and holds, in the text format of Prometheus. Costs some milliseconds at most, and looks through no table.
    public func metrics() async -> String {
        MetricsText.text(NodeMetrics(figures: await core.figures()).families + core.counters.families)
    }

    /// Counts an answer over HTTP by the class of its status.
    public func count(answerOf status: Int) { core.counters.add(.requests, Self.statusClass(status)) }

    private static func statusClass(_ status: Int) -> String {
        (1...5).contains(status / 100) ? "\(status / 100)xx" : "other"
    }
}

extension NodeCore {
    func figures() async -> NodeFigures {
        let now = ContinuousClock.now
        let links = others.map { peers.link(to: $0) }
        let queued = links.map(\.queued)
        let head = clock.newest?.head
        var gauges: StoreGauges?
        do {
            gauges = try await store.gauges()
        } catch {
            logger.error(
                "the store could not be read", metadata: ["store.question": "metrics", "error": "\(error)"])
        }
        let isOverBudget = limits.diskBytes.flatMap { budget in gauges.map { $0.usedBytes >= budget } }
        return NodeFigures(
            store: gauges, peers: links.map { $0.gauge(now: now, began: began) },
            head: head.map { ($0.time, $0.epoch, (now - lines.headCame).seconds) },
            diskBudget: limits.diskBytes, isDiskFull: isOverBudget ?? lines.isDiskFull,
            registered: registry.numbers.count,
            queuedEvents: queued.reduce(0) { $0 + $1.events }, queuedBytes: queued.reduce(0) { $0 + $1.bytes },
            waitingCommits: commits.waiting, isTwinDoubted: gate.isDoubted)
    }
}

extension Duration {
    /// The same as a number of seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
