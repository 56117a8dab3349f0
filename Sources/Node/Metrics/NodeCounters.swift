import Synchronization

/// What a node counts from its start on. Every label comes from a closed set, so nobody can make it grow.
enum NodeCounter: String, Hashable, Sendable, CaseIterable {
    case eventsReceived = "events_received"
    case eventRefusals = "event_refusals"
    case eventsPublished = "events_published"
    case publishRepeats = "publish_repeats"
    case publishRefusals = "publish_refusals"
    case eventsPushed = "events_pushed"
    case pushesDropped = "pushes_dropped"
    case eventsServed = "events_served"
    case fetches
    case eventsFetched = "events_fetched"
    case reconciliations
    case peerQuestions = "peer_questions"
    case peerRefusals = "peer_refusals"
    case peerFailures = "peer_failures"
    case peerLies = "peer_lies"
    case contradictions
    case eventsEvicted = "events_evicted"
    case bytesEvicted = "evicted_bytes"
    case commitFailures = "commit_failures"
    case headRefusals = "head_refusals"
    case timeJumps = "time_jumps"
    case requests = "http_requests"

    /// `feesvc_node_…_total`.
    var name: String { "feesvc_node_\(rawValue)_total" }

    /// The label, where it has one.
    var label: String? {
        switch self {
        case .eventsReceived, .eventsPushed: "result"
        case .eventRefusals, .publishRefusals, .peerRefusals, .peerFailures, .headRefusals: "reason"
        case .reconciliations: "outcome"
        case .peerQuestions: "question"
        case .peerLies: "about"
        case .contradictions: "of"
        case .timeJumps: "direction"
        case .requests: "status"
        default: nil
        }
    }

    var help: String {
        switch self {
        case .eventsReceived: "Events that peers brought, by what became of them."
        case .eventRefusals: "Events of peers that broke a rule of admission, by rule."
        case .eventsPublished: "Events that this node made of publishers' envelopes."
        case .publishRepeats: "Envelopes that publishers sent again, or after another node, and that were acknowledged."
        case .publishRefusals: "Envelopes of publishers that were not taken, by reason."
        case .eventsPushed: "Events that this node pushed to peers, by what they said."
        case .pushesDropped: "Events that found no room in a peer's queue and are left to reconciliation."
        case .eventsServed: "Events that peers fetched here."
        case .fetches: "Answers with events that this node had asked peers for."
        case .eventsFetched: "Events in those answers."
        case .reconciliations: "Comparisons with peers, by how they ended."
        case .peerQuestions: "Questions of proved peers, by kind."
        case .peerRefusals: "What peers that connected here were refused for."
        case .peerFailures: "Connections to peers that failed or ended, by reason."
        case .peerLies: "What peers said that can't be so."
        case .contradictions: "Signed contradictions that were seen; a few of each signer are kept as evidence."
        case .eventsEvicted: "Events, and orders to delete, that had expired and were dropped."
        case .bytesEvicted: "Canonical bytes of those events, payloads not counted."
        case .commitFailures: "Commits that the disk refused."
        case .headRefusals: "Heads and notices of the service that were not taken, by reason."
        case .timeJumps:
            "Heads that moved the node's time by more than a day at once, or said an earlier time than one before."
        case .requests: "Answers to requests over HTTP, by class of status."
        }
    }
}

/// The counts, and the sizes of commits.
final class NodeCounters: Sendable {
    private struct Key: Hashable {
        let counter: NodeCounter
        let label: String
    }

    private struct State {
        var counts: [Key: UInt64] = [:]
        var commits = SizeHistogram()
    }

    private let state = Mutex(State())

    /// Adds to a count; `label` is one of a closed set.
    func add(_ counter: NodeCounter, _ label: String = "", by amount: Int = 1) {
        guard amount > 0 else { return }
        state.withLock { $0.counts[Key(counter: counter, label: label), default: 0] += UInt64(amount) }
    }

    /// A commit of so many events is on the disk.
    func commit(of events: Int) { state.withLock { $0.commits.add(events) } }

    func count(_ counter: NodeCounter, _ label: String = "") -> UInt64 {
        state.withLock { $0.counts[Key(counter: counter, label: label)] ?? 0 }
    }

    /// All of them, as a scrape shows them. What has no label is shown from the start on.
    var families: [MetricFamily] {
        let (counts, commits) = state.withLock { ($0.counts, $0.commits) }
        let byCounter = Dictionary(grouping: counts, by: \.key.counter)
        var families = NodeCounter.allCases.map { counter in
            let counted = (byCounter[counter] ?? []).sorted { $0.key.label < $1.key.label }
            var samples = counted.map { key, value in
                MetricFamily.Sample(
                    labels: counter.label.map { [MetricFamily.Label(name: $0, value: key.label)] } ?? [],
                    value: Double(value))
            }
            if samples.isEmpty, counter.label == nil { samples = [MetricFamily.Sample(value: 0)] }
            return MetricFamily(name: counter.name, kind: .counter, help: counter.help, samples: samples)
        }
        families.append(
            commits.family("feesvc_node_commit_events", "Events of one commit, which is as many writes to the disk."))
        return families
    }
}

/// How often sizes lay up to certain bounds.
struct SizeHistogram: Hashable, Sendable {
    static let bounds = [1, 4, 16, 64, 256, 1_024]

    private var upTo = [UInt64](repeating: 0, count: bounds.count)
    private var count: UInt64 = 0
    private var sum: UInt64 = 0

    mutating func add(_ size: Int) {
        for (place, bound) in Self.bounds.enumerated() where size <= bound { upTo[place] += 1 }
        count += 1
        sum += UInt64(size)
    }

    func family(_ name: String, _ help: String) -> MetricFamily {
        func bucket(_ bound: String, _ value: UInt64) -> MetricFamily.Sample {
            MetricFamily.Sample(
                suffix: "_bucket", labels: [MetricFamily.Label(name: "le", value: bound)], value: Double(value))
        }
        let buckets = zip(Self.bounds, upTo).map { bucket("\($0)", $1) }
        return MetricFamily(
            name: name, kind: .histogram, help: help,
            samples: buckets + [
                bucket("+Inf", count), MetricFamily.Sample(suffix: "_sum", value: Double(sum)),
                MetricFamily.Sample(suffix: "_count", value: Double(count)),
            ])
    }
}
