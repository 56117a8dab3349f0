import AsyncHTTPClient
import Channels
import Foundation
import Payer
import Primitives

/// Runs nodes as processes and measures what they take in and how soon it is everywhere.
struct NodeMeasurement {
    private static let topics = 200
    private static let payloadBytes = 1_024
    private static let publishers = 4

    let directory: String
    let http: HTTPClient
    let seed: UInt64

    /// What an empty node needs to get everything from a peer.
    struct Bootstrap: Codable {
        let events: Int
        /// Of a node that starts empty, until it holds them all, verified and durable.
        let bootstrapSeconds: Double
        let ingestPerSecond: Double
        let ingestCpuMicroseconds: Double
        let memoryBytes: Int
        let diskBytesPerEvent: Int
    }

    /// How soon a message is readable on every node.
    struct Visibility: Codable {
        let nodes: Int
        let perSecond: Int
        let messages: Int
        let p50: Double
        let p99: Double
    }

    /// Fills a node by publishing, then starts an empty one beside it.
    func bootstrap(events: Int) async throws -> Bootstrap {
        let fleet = try NodeFleet(directory: directory, count: 2, seed: seed, http: http)
        do {
            ChannelOutput.note("filling a node with \(events) messages")
            try await fleet.start(1)
            try await fill(fleet, events)
            ChannelOutput.note("an empty node beside it")
            let clock = ContinuousClock()
            let begin = clock.now
            try await fleet.start(2)
            try await fleet.wait(for: UInt64(events), at: 2)
            let seconds = EpochStep.seconds(begin.duration(to: clock.now))
            let figures = Bootstrap(
                events: events, bootstrapSeconds: seconds, ingestPerSecond: Double(events) / seconds,
                ingestCpuMicroseconds: fleet.processorSeconds(2) / Double(events) * 1e6,
                memoryBytes: fleet.peakMemory(2), diskBytesPerEvent: fleet.diskBytes(2) / max(1, events))
            await fleet.stop()
            return figures
        } catch {
            await fleet.stop()
            throw error
        }
    }

    private func fill(_ fleet: NodeFleet, _ events: Int) async throws {
        var log = BenchLog(seed: seed)
        var made = 0
        while made < events {
            let count = min(Self.publishers * Publisher.batchCountMax * 4, events - made)
            let envelopes = (made..<made + count).map { envelope($0) }
            let paid = Array(zip(envelopes, log.charge(envelopes)))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for publisher in 0..<Self.publishers {
                    let part = paid.indices.filter { $0 % Self.publishers == publisher }.map { paid[$0] }
                    group.addTask { try await fleet.publish(part, at: 1) }
                }
                try await group.waitForAll()
            }
            made += count
        }
    }

    /// Publishes at a steady rate, at the nodes in turn, while feeds of every topic are followed on every node.
    func visibility(nodes: Int, perSecond: Int, seconds: Int) async throws -> Visibility {
        let fleet = try NodeFleet(directory: directory, count: nodes, seed: seed, http: http)
        do {
            ChannelOutput.note("publishing \(perSecond) messages a second at \(nodes) nodes")
            for number in 1...UInt32(nodes) { try await fleet.start(number) }
            let watch = FeedWatch(fleet: fleet, nodes: UInt32(nodes), topic: topic(0))
            let times = try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...UInt32(nodes) { group.addTask { try await watch.follow(number) } }
                try await watch.waitUntilOpen()
                let count = try await load(fleet, watch, nodes: nodes, perSecond: perSecond, seconds: seconds)
                let times = try await watch.times(of: count)
                group.cancelAll()
                return times
            }
            let figures = Visibility(
                nodes: nodes, perSecond: perSecond, messages: times.count, p50: times[times.count / 2],
                p99: times[times.count * 99 / 100])
            await fleet.stop()
            return figures
        } catch {
            await fleet.stop()
            throw error
        }
    }

    private func load(
        _ fleet: NodeFleet, _ watch: FeedWatch, nodes: Int, perSecond: Int, seconds: Int
    ) async throws -> Int {
        let batch = max(1, perSecond / 100)
        let rounds = perSecond * seconds / batch
        var log = BenchLog(seed: seed)
        let envelopes = (0..<rounds * batch + nodes).map { envelope($0, topic: 0) }
        let paid = Array(zip(envelopes, log.charge(envelopes)))
        // The first of each node waits until it has asked its peers for its own chain.
        for (place, first) in paid.suffix(nodes).enumerated() {
            try await fleet.publish([first], at: UInt32(place) + 1)
        }
        let clock = ContinuousClock()
        let begin = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<rounds {
                let due = begin + .seconds(1) * (Double(round * batch) / Double(perSecond))
                try await clock.sleep(until: due)
                let part = Array(paid[round * batch..<(round + 1) * batch])
                watch.note(part.map(\.1.charge.number), at: clock.now)
                group.addTask { try await fleet.publish(part, at: UInt32(round % nodes) + 1) }
            }
            try await group.waitForAll()
        }
        return rounds * batch
    }

    private func topic(_ number: Int) -> Bytes32 { Bytes32(integer: UInt128(number + 1)) }

    private func envelope(_ number: Int, topic: Int? = nil) -> Envelope {
        var generator = SplitMix64(seed: seed &+ UInt64(number))
        let payload = (0..<Self.payloadBytes / 8).flatMap { _ in
            withUnsafeBytes(of: generator.next() as UInt64) { Array($0) }
        }
        return Envelope(
            topic: self.topic(topic ?? number % Self.topics), expiryDay: UTCDay(number: 20_600),
            salt: Bytes32(integer: UInt128(number)), payload: payload)
    }
}
