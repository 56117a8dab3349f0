import Channels

extension NodeCore {
    /// So many seconds are no delay of the network.
    private static let headAhead: UInt64 = 60

    /// What this node has seen.
    func news() async -> LogNews { LogNews(head: clock.newest, seal: await store.seal) }

    /// Takes in what a peer has seen, as far as the log key signed it.
    func learn(_ news: LogNews, from peer: UInt32? = nil) async throws {
        if let head = news.head, head.head.logID == rules.logID, head.head.isNewer(than: clock.newest?.head),
            heads.isTrusted(head), heads.isCurrent(head)
        {
            await keepHeadEvidence()
            try await store.record(head)
            if let own = clock.newest?.head.time, head.head.time >= own + Self.headAhead {
                lines.isBehind(by: head.head.time - own, peer: peer)
            }
            advance(to: head, isCurrent: false)
        }
        if let seal = news.seal, seal.notice.epoch > (await store.seal)?.notice.epoch ?? 0, heads.isTrusted(seal) {
            try await learn(seal)
        }
    }
}
