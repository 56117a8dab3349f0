import Channels
import Primitives

/// What of a store a scrape shows: counts that are kept, nothing that has to be looked for.
struct StoreGauges: Sendable {
    let events: UInt64
    let deletions: UInt64
    let messages: UInt64
    let topics: UInt64
    let eventBytes: UInt64
    let usedBytes: UInt64
    let tips: Int
    let widestTips: Int
    let floor: UTCDay
    let sealedThrough: UInt64
    let evictable: Int
    let wanted: Int
    let evidence: UInt64
    let headEvidence: UInt64
    let failures: [String: UInt64]
    /// The chains with holes, those with most missing first, some of them.
    let gaps: [(originator: UInt32, ranges: Int, missing: UInt64)]
    let gapRanges: Int
    let missing: UInt64
}

extension EventStore {
    /// The most originators whose gaps are shown by name.
    static let gapsShown = 32

    /// The store's part of a scrape.
    func gauges() throws(SQLiteFailure) -> StoreGauges {
        var gaps: [UInt32: (ranges: Int, missing: UInt64)] = [:]
        for set in index.sets.values {
            for (originator, chain) in set.places.chains where chain.held.ranges.count > 1 {
                gaps[originator, default: (0, 0)].ranges += chain.held.ranges.count - 1
                gaps[originator, default: (0, 0)].missing += chain.missing
            }
        }
        let holes = gaps.map { (originator: $0.key, ranges: $0.value.ranges, missing: $0.value.missing) }
            .sorted { ($1.missing, $0.originator) < ($0.missing, $1.originator) }
        let deletions = index.deletions
        return StoreGauges(
            events: index.events - min(deletions, index.events), deletions: deletions, messages: index.messages,
            topics: index.topics, eventBytes: index.eventBytes, usedBytes: try usedBytes(), tips: index.tips.total,
            widestTips: index.tips.widest, floor: floor, sealedThrough: seal?.notice.epoch ?? 0,
            evictable: leftovers.count, wanted: wanted.count,
            evidence: try StoreIndex.count("SELECT COUNT(*) FROM evidence", in: database),
            headEvidence: try StoreIndex.count("SELECT COUNT(*) FROM head_evidence", in: database),
            failures: database.failures, gaps: Array(holes.prefix(Self.gapsShown)),
            gapRanges: holes.reduce(0) { $0 + $1.ranges }, missing: holes.reduce(0) { $0 + $1.missing })
    }
}

/// One peer in a scrape.
struct PeerGauge: Hashable, Sendable {
    let number: UInt32
    let standing: PeerStanding
    /// Seconds since both sets were last proved equal, or since the node began.
    let lag: Double
}

/// How it stands with a peer.
enum PeerStanding: String, Hashable, Sendable, CaseIterable {
    /// Tried for the first time.
    case connecting
    /// Connected, and not yet compared or not equal.
    case healing
    /// Connected, and equal at the last comparison.
    case equal
    /// The last attempt failed.
    case unreachable
    /// The peer, or what answers in its place, was refused or refuses.
    case refused
}

/// All that a scrape shows besides what is counted.
struct NodeFigures: Sendable {
    /// `nil` where the store could not be read.
    let store: StoreGauges?
    let peers: [PeerGauge]
    /// The newest head's time and open epoch, and seconds since it came; `nil` before the first.
    let head: (time: UInt64, epoch: UInt64, age: Double)?
    let diskBudget: UInt64?
    let isDiskFull: Bool
    let registered: Int
    let queuedEvents: Int
    let queuedBytes: Int
    let waitingCommits: Int
    let isTwinDoubted: Bool
}
