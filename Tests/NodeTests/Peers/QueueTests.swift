import Primitives
import Testing

@testable import Node

@Suite struct QueueTests {
    private func event(_ bytes: Int) -> WireEvent {
        WireEvent(event: [], signature: [], envelope: [UInt8](repeating: 0, count: bytes))
    }

    @Test func `a push queue is bounded in events and bytes and gives frames that fit`() {
        var queue = PushQueue(eventsMax: 5, bytesMax: 1_000)
        // An event without bytes takes 8 for its lengths.
        #expect([492, 392, 93, 84].map { queue.append(event($0)) } == [true, true, false, true])
        #expect([100, 500].map { queue.next(eventsMax: 256, bytesMax: $0).count } == [1, 2])
        #expect(queue.isEmpty)
        #expect((0..<6).map { _ in queue.append(event(1)) } == [true, true, true, true, true, false])
        let frame = queue.next(eventsMax: 2, bytesMax: 1_000)
        #expect(frame.count == 2)
        let hasRoom = queue.append(event(1))
        #expect(hasRoom)
    }

    @Test func `waits between dials grow to the cap, jitter with the seed, and start again`() {
        var backoff = Backoff(first: .milliseconds(100), cap: .seconds(2), seed: 1)
        var same = Backoff(first: .milliseconds(100), cap: .seconds(2), seed: 1)
        let waits = (0..<10).map { _ in backoff.delay() }
        #expect(waits == (0..<10).map { _ in same.delay() })
        for (place, wait) in waits.enumerated() {
            let step = min(Duration.seconds(2), .milliseconds(100) * (1 << place))
            #expect(wait >= step / 2 && wait <= step)
        }
        backoff.reset()
        let first = backoff.delay()
        #expect(first <= .milliseconds(100))
    }

    @Test func `a recent set remembers the last half of its limit and never more than the limit`() {
        var set = RecentSet<Int>(limit: 100)
        for key in 0..<1_000 { set.insert(key) }
        let remembered = (0..<1_000).filter { set.contains($0) }
        #expect(remembered.count <= 100 && remembered.suffix(50) == Array(950..<1_000))
        set.insert(-1)
        for key in 0..<400 {
            set.insert(key)
            let isKept = set.contains(-1)
            #expect(isKept, "what is asked for is kept")
        }
    }

    @Test func `an endpoint is a host and a port`() {
        #expect(Registry.split(endpoint: "node.example:9000")?.host == "node.example")
        #expect(Registry.split(endpoint: "[::1]:9000")?.host == "::1")
        for bad in ["", "host", "host:", ":1", "host:0", "host:65536", "host:x"] {
            #expect(Registry.split(endpoint: bad) == nil, "\(bad)")
        }
    }

    @Test func `a signal is kept for who waits later, and wakes who waits now`() async {
        let signal = Signal()
        signal.fire()
        signal.fire()
        #expect(await signal.wait(atMost: .seconds(5)))
        #expect(await !signal.wait(atMost: .milliseconds(10)))
        async let woken = signal.wait()
        try? await Task.sleep(for: .milliseconds(20))
        signal.fire()
        #expect(await woken)
    }
}
