import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Node
import Payer
import Primitives
import ServiceLifecycle
import Synchronization

/// How many feeds are open at a time.
final class FeedRoom: Sendable {
    private let free: Mutex<Int>

    init(_ count: Int) {
        free = Mutex(count)
    }

    /// A place, given back when it is dropped; `nil` where there is none.
    func enter() -> FeedPlace? {
        let isTaken = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        return isTaken ? FeedPlace { [weak self] in self?.free.withLock { $0 += 1 } } : nil
    }
}

/// A place in a ``FeedRoom``.
final class FeedPlace: Sendable {
    private let leave: @Sendable () -> Void

    init(leave: @escaping @Sendable () -> Void) {
        self.leave = leave
    }

    deinit { leave() }
}

/// A topic's messages as they come to this node, as server-sent events (HTML standard, section 9.2), until the client goes or the
/// node stops.
///
/// An event's id is `node-arrival`: a cursor of this node, from which a client goes on after a lost connection without loss and
/// without repeats. One page of messages is in memory at a time, and a client that does not read waits.
struct TopicFeed: AsyncSequence, Sendable {
    private static let heartbeat = Duration.seconds(15)
    private static let pageMessages = 32

    let node: ReplicationNode
    let topic: Bytes32
    let start: Int64
    let place: FeedPlace

    func makeAsyncIterator() -> Iterator { Iterator(feed: self, watch: node.watchAdmissions(), cursor: start) }

    struct Iterator: AsyncIteratorProtocol {
        let feed: TopicFeed
        let watch: AdmissionWatch
        var cursor: Int64
        var hasBegun = false

        mutating func next() async throws -> ByteBuffer? {
            // A topic that is denied while it is read ends here, and is refused when the client comes back.
            guard !feed.node.policy.denied.topics.contains(feed.topic) else { return nil }
            guard hasBegun else {
                hasBegun = true
                return ByteBuffer(string: "retry: 1000\n\n")
            }
            let page = try await feed.node.arrivals(
                in: feed.topic, after: cursor, limit: TopicFeed.pageMessages)
            if let last = page.last {
                cursor = last.arrival
                return try feed.events(page)
            }
            let watch = watch
            let hasCome = await cancelWhenGracefulShutdown { await watch.wait(atMost: TopicFeed.heartbeat) }
            guard !Task.isCancelled, !Task.isShuttingDownGracefully else { return nil }
            return hasCome ? ByteBuffer() : ByteBuffer(string: ":\n\n")
        }
    }

    private func events(_ page: [ArrivedMessage]) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var buffer = ByteBuffer()
        for arrived in page {
            let cursor = FeedCursor(node: node.number, arrival: arrived.arrival)
            let body = MessageBody(arrived.message, withEnvelope: true, node.policy)
            buffer.writeString("id: \(cursor.text)\nevent: message\ndata: ")
            buffer.writeBytes(try encoder.encode(body))
            buffer.writeString("\n\n")
        }
        return buffer
    }
}

/// A place in a node's feeds.
struct FeedCursor: Hashable, Sendable {
    let node: UInt32
    let arrival: Int64

    /// `node-arrival`.
    var text: String { "\(node)-\(arrival)" }

    init(node: UInt32, arrival: Int64) {
        self.node = node
        self.arrival = arrival
    }

    /// Reads ``text``.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let node = UInt32(parts[0]), let arrival = Int64(parts[1]), arrival >= 0 else {
            return nil
        }
        self.init(node: node, arrival: arrival)
    }
}

extension NodeRoutes {
    /// `GET /v1/topics/{topic}/feed`: on from `Last-Event-ID`, or from `after`; `0` is the beginning, and without either only what
    /// comes from now on is told.
    func feed(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let topic = try ServiceRoutes.hash("topic", context)
        try refuseDenied(topic: topic)
        let newest = try await node.newestArrival()
        let start = try start(request, newest: newest)
        guard let place = feeds.enter() else {
            throw Refusal(429, "service/busy", "This node has as many feeds open as it takes; try another node.")
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
            body: ResponseBody(asyncSequence: TopicFeed(node: node, topic: topic, start: start, place: place)))
    }

    private func start(_ request: Request, newest: Int64) throws(Refusal) -> Int64 {
        let query = request.uri.queryParameters["after"].map(String.init)
        guard let text = HTTPField.Name("Last-Event-ID").flatMap({ request.headers[$0] }) ?? query else {
            return newest
        }
        if text == "0" { return 0 }
        guard let cursor = FeedCursor(text) else {
            throw Refusal(
                400, "request/query", "The id of a feed's event is node-arrival, as 3-1200, or 0 for the beginning.")
        }
        guard cursor.node == node.number, cursor.arrival <= newest else {
            throw Refusal(
                409, "feed/other",
                "\(text) is no place in the feeds of node \(node.number) as it is now. Read the topic's messages by their own"
                    + " cursors, which are the same on every node, then take the feed up without an id.")
        }
        return cursor.arrival
    }
}
