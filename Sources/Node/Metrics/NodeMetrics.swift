import Channels
import Primitives

/// The families of a scrape, from what was gathered.
struct NodeMetrics {
    /// The most peers that are shown by name: those that were not equal for longest.
    static let peersShown = 256

    let figures: NodeFigures

    /// Names and units as Prometheus has them: base units, `_total` for what only grows, timestamps as Unix seconds.
    var families: [MetricFamily] {
        peerFamilies + headFamilies + queueFamilies + (figures.store.map(storeFamilies) ?? [])
            + [
                .gauge(
                    "feesvc_node_store_up", "Whether the store could be read for this scrape.",
                    figures.store == nil ? 0 : 1)
            ]
    }

    private var peerFamilies: [MetricFamily] {
        let shown = figures.peers.sorted { ($1.lag, $0.number) < ($0.lag, $1.number) }.prefix(Self.peersShown)
        let standings = PeerStanding.allCases.map { standing in
            (standing.rawValue, Double(figures.peers.count { $0.standing == standing }))
        }
        return [
            .gauges(
                "feesvc_node_peers", "Peers by how it stands with them at the last look.", by: "state", standings),
            .gauges(
                "feesvc_node_peer_lag_seconds",
                "Seconds since this node and the peer were last proved equal, or since the node began.", by: "peer",
                shown.sorted { $0.number < $1.number }.map { ("\($0.number)", $0.lag) }),
            .gauge(
                "feesvc_node_convergence_lag_seconds", "The longest of all peers that are connected.",
                figures.peers.filter { [.healing, .equal].contains($0.standing) }.map(\.lag).max() ?? 0),
            .gauge(
                "feesvc_node_registered_nodes", "Nodes in the registry as this node has seen it.",
                Double(figures.registered)),
            .gauge(
                "feesvc_node_key_doubted", "Whether peers say that another process runs with this node's key.",
                figures.isTwinDoubted ? 1 : 0),
        ]
    }

    private var headFamilies: [MetricFamily] {
        guard let head = figures.head else { return [] }
        var families: [MetricFamily] = [
            .gauge("feesvc_node_head_timestamp_seconds", "The time that the newest head says.", Double(head.time)),
            .gauge("feesvc_node_head_age_seconds", "Seconds since the newest head came, by this machine.", head.age),
            .gauge("feesvc_node_epoch", "The epoch that is open in the newest head.", Double(head.epoch)),
        ]
        if let store = figures.store {
            let ended = head.epoch > 0 ? head.epoch - 1 : 0
            families.append(
                .gauge(
                    "feesvc_node_unsealed_epochs", "Epochs that have ended and are not sealed, as far as was told.",
                    Double(ended - min(ended, store.sealedThrough))))
        }
        return families
    }

    private var queueFamilies: [MetricFamily] {
        var families: [MetricFamily] = [
            .gauge(
                "feesvc_node_push_queue_events", "Events that wait to be pushed, all peers together.",
                Double(figures.queuedEvents)),
            .gauge(
                "feesvc_node_push_queue_bytes", "Bytes that wait to be pushed, all peers together.",
                Double(figures.queuedBytes)),
            .gauge(
                "feesvc_node_commit_queue_jobs", "Callers that wait for the next commit.",
                Double(figures.waitingCommits)),
            .gauge(
                "feesvc_node_disk_full", "Whether publishers are refused for want of room.",
                figures.isDiskFull ? 1 : 0),
        ]
        if let budget = figures.diskBudget {
            families.append(
                .gauge(
                    "feesvc_node_disk_budget_bytes", "Above so many bytes publishers are refused.", Double(budget)))
        }
        return families
    }

    private func storeFamilies(_ store: StoreGauges) -> [MetricFamily] {
        [
            .gauge("feesvc_node_events", "Events that are held.", Double(store.events)),
            .gauge("feesvc_node_messages", "Messages among them: distinct charges.", Double(store.messages)),
            .gauge(
                "feesvc_node_deletions", "Messages whose payload their topic's owner had deleted.",
                Double(store.deletions)),
            .gauge("feesvc_node_topics", "Topics that are held.", Double(store.topics)),
            .gauge(
                "feesvc_node_event_bytes", "Canonical bytes of the events, payloads not counted.",
                Double(store.eventBytes)),
            .gauge("feesvc_node_disk_used_bytes", "Bytes of the database that are in use.", Double(store.usedBytes)),
            .gauge("feesvc_node_tips", "Tips of all topics together.", Double(store.tips)),
            .gauge("feesvc_node_widest_topic_tips", "Tips of the topic with most.", Double(store.widestTips)),
            .gauge(
                "feesvc_node_floor_timestamp_seconds",
                "The beginning of the day before which what has expired is gone.",
                Double(store.floor.number) * 86_400),
            .gauge(
                "feesvc_node_evictable_events", "Events below the floor that are not deleted yet.",
                Double(store.evictable)),
            .gauge(
                "feesvc_node_wanted_events", "Ancestors of events that came without them, still to be asked for.",
                Double(store.wanted)),
            .gauges(
                "feesvc_node_evidence", "Pairs that contradict each other and are kept as evidence.", by: "of",
                [("events", Double(store.evidence)), ("heads", Double(store.headEvidence))]),
            .gauge("feesvc_node_gap_ranges", "Holes in all chains together.", Double(store.gapRanges)),
            .gauge(
                "feesvc_node_gap_places", "Places in those holes: lost, expired, or not here yet.",
                Double(store.missing)),
            .gauges(
                "feesvc_node_chain_gap_places",
                "The same by originator, the \(EventStore.gapsShown) with most of them.",
                by: "originator",
                store.gaps.sorted { $0.originator < $1.originator }.map { ("\($0.originator)", Double($0.missing)) }),
            MetricFamily(
                name: "feesvc_node_store_failures_total", kind: .counter,
                help: "Failures of the disk or the file, by kind.",
                samples: store.failures.sorted { $0.key < $1.key }.map {
                    MetricFamily.Sample(
                        labels: [MetricFamily.Label(name: "reason", value: $0.key)], value: Double($0.value))
                }),
        ]
    }
}
