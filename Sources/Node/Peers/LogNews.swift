import Channels
import Primitives

/// What a node has seen that the log key signed: the newest head, and how far epochs are sealed.
struct LogNews: Hashable, Sendable {
    static let bytesMax = 512

    let head: SignedHead?
    let seal: SignedSealNotice?
}

extension WireWriter {
    /// `list<bytes head, sig>, list<bytes notice, sig>`, at most one in each.
    mutating func append(_ news: LogNews) {
        append(list: news.head.map { [$0] } ?? []) { writer, head in
            writer.append(head.head.canonicalBytes)
            writer.append(head.signature)
        }
        append(list: news.seal.map { [$0] } ?? []) { writer, seal in
            writer.append(seal.notice.canonicalBytes)
            writer.append(seal.signature)
        }
    }
}

extension WireReader {
    mutating func news() throws(FrameError) -> LogNews {
        let heads = try list(limit: 1, elementBytes: 69) { reader throws(FrameError) in
            guard let head = try? LogHead(canonicalBytes: try reader.bytes(limit: LogNews.bytesMax)) else {
                throw .field("head")
            }
            return SignedHead(head: head, signature: try reader.signature())
        }
        let seals = try list(limit: 1, elementBytes: 69) { reader throws(FrameError) in
            guard let notice = try? SealNotice(canonicalBytes: try reader.bytes(limit: LogNews.bytesMax)) else {
                throw .field("notice")
            }
            return SignedSealNotice(notice: notice, signature: try reader.signature())
        }
        return LogNews(head: heads.first, seal: seals.first)
    }
}
