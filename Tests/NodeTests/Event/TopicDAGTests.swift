import Primitives
import Testing

@testable import Node

@Suite struct TopicDAGTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `tips and depths are the same in every order that respects the links`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let topic = Bytes32(integer: 1)
        var events: [Event] = []
        for number in 0..<40 as Range<UInt32> {
            let links = events.shuffled(using: &generator).prefix(Int.random(in: 0...3, using: &generator)).map(\.id)
            events.append(
                Event(
                    originator: number,
                    sequence: 1,
                    previous: .zero,
                    topic: topic,
                    links: Set(links).sorted(),
                    envelopeHash: .zero,
                    receipt: []
                )
            )
        }
        func admitted(_ order: [Event]) -> (tips: [Bytes32], depths: [Bytes32: UInt64]) {
            var dag = TopicDAG()
            var held: [Bytes32: Vertex] = [:]
            var waiting = order
            while !waiting.isEmpty {
                waiting = waiting.filter { event in
                    guard case .ready(let depth) = Placement.of(event, vertex: { held[$0] }) else { return true }
                    held[event.id] = Vertex(originator: event.originator, sequence: 1, topic: topic, depth: depth)
                    dag.add(event.id, links: event.links)
                    return false
                }
            }
            return (dag.tips, held.mapValues(\.depth))
        }
        let expected = admitted(events)
        for order in 1...5 as ClosedRange<UInt64> {
            let found = admitted(events.shuffled(seed: seed * 100 + order))
            #expect(found.tips == expected.tips)
            #expect(found.depths == expected.depths)
        }
    }

    @Test func `a hundred tips are merged by seven events with at most 16 links`() {
        var dag = TopicDAG(tips: (1...100).map { Bytes32(integer: UInt128($0)) })
        var merges = 0
        while dag.tips.count > 1 {
            merges += 1
            let links = dag.nextLinks
            #expect(links.count <= 16 && links == links.sorted())
            dag.add(SHA256.hash([UInt8(merges)]), links: links)
        }
        #expect(merges == 7)
    }

    @Test func `a link to another topic and a predecessor of another chain are refused`() {
        let topic = Bytes32(integer: 1)
        let id = Bytes32(integer: 5)
        func placed(_ vertex: Vertex, links: [Bytes32], sequence: UInt64 = 2) -> Placement {
            let event = Event(
                originator: 1,
                sequence: sequence,
                previous: id,
                topic: topic,
                links: links,
                envelopeHash: .zero,
                receipt: []
            )
            return Placement.of(event) { _ in vertex }
        }
        let good = Vertex(originator: 1, sequence: 1, topic: topic, depth: 4)
        #expect(placed(good, links: [id]) == .ready(depth: 5))
        #expect(placed(good, links: []) == .ready(depth: 0))
        #expect(placed(good, links: [], sequence: 3) == .refused(.otherPrevious))
        let stranger = Vertex(originator: 2, sequence: 1, topic: topic, depth: 4)
        #expect(placed(stranger, links: []) == .refused(.otherPrevious))
        let elsewhere = Vertex(originator: 1, sequence: 1, topic: .zero, depth: 4)
        #expect(placed(elsewhere, links: [id]) == .refused(.linkTopic(link: id)))
    }
}
