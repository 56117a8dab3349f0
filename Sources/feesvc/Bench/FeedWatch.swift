import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Payer
import Primitives
import Synchronization

/// Follows a topic's feed on several nodes, and takes the time until a message is on all of them.
final class FeedWatch: Sendable {
    private struct State {
        var open = 0
        var published: [UInt64: ContinuousClock.Instant] = [:]
        var seen: [UInt64: Int] = [:]
        var milliseconds: [Double] = []
    }

    private static let bytesMax = 1 << 20
    private let fleet: NodeFleet
    private let nodes: UInt32
    private let topic: Bytes32
    private let state = Mutex(State())

    init(fleet: NodeFleet, nodes: UInt32, topic: Bytes32) {
        self.fleet = fleet
        self.nodes = nodes
        self.topic = topic
    }

    /// Remembers when charges were sent to be published.
    func note(_ charges: [UInt64], at time: ContinuousClock.Instant) {
        state.withLock { state in for charge in charges { state.published[charge] = time } }
    }

    /// Follows one node's feed until the task is cancelled.
    func follow(_ number: UInt32) async throws {
        let port = fleet.plan.places[Int(number) - 1].http
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/topics/\(topic)/feed")
        let response = try await fleet.http.execute(request, timeout: .minutes(10))
        guard response.status.code == 200 else {
            throw OperatorError("Node \(number) gives no feed: \(response.status).")
        }
        state.withLock { $0.open += 1 }
        var line: [UInt8] = []
        do {
            for try await part in response.body {
                for byte in part.readableBytesView {
                    guard byte == 10 else {
                        line.append(byte)
                        guard line.count < Self.bytesMax else { throw OperatorError("A feed's line is too long.") }
                        continue
                    }
                    if line.starts(with: Array("data: ".utf8)) { see(try Self.charge(in: line)) }
                    line.removeAll(keepingCapacity: true)
                }
            }
        } catch {
            guard Task.isCancelled else { throw error }
        }
    }

    private static let chargeName = Array("\"charge\":".utf8)

    /// The charge that a line tells of. Its payload is left as it came: it is the nodes that are measured, on the same processors.
    private static func charge(in line: [UInt8]) throws -> UInt64 {
        var place = 0
        while place + chargeName.count < line.count {
            guard line[place] == chargeName[0], line[place..<place + chargeName.count].elementsEqual(chargeName) else {
                place += 1
                continue
            }
            let digits = line[(place + chargeName.count)...].prefix { (48...57).contains($0) }
            if let charge = UInt64(String(decoding: digits, as: UTF8.self)) { return charge }
            break
        }
        throw OperatorError("A feed's line names no charge.")
    }

    private func see(_ charge: UInt64) {
        let now = ContinuousClock().now
        state.withLock { state in
            state.seen[charge, default: 0] += 1
            guard state.seen[charge] == Int(nodes), let sent = state.published[charge] else { return }
            state.milliseconds.append(EpochStep.seconds(sent.duration(to: now)) * 1e3)
        }
    }

    /// Waits until every feed is open.
    func waitUntilOpen() async throws {
        while state.withLock({ $0.open }) < Int(nodes) { try await Task.sleep(for: .milliseconds(10)) }
    }

    /// The times of so many messages once all have been seen everywhere, ascending, in milliseconds; after a minute without
    /// another one it is an error.
    func times(of count: Int) async throws -> [Double] {
        var last = (seen: 0, at: ContinuousClock().now)
        while true {
            let seen = state.withLock { $0.milliseconds.count }
            if seen >= count { return state.withLock { $0.milliseconds.sorted() } }
            let now = ContinuousClock().now
            if seen > last.seen { last = (seen, now) }
            guard last.at.duration(to: now) < .seconds(60) else {
                throw OperatorError("Of \(count) messages \(count - seen) are not on every node after a minute.")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
