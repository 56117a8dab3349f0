import Channels
import Primitives
import Testing

@testable import Node

@Suite struct ConvergenceTests {
    @Test func `three nodes that publish at the same time end with equal topics and messages`() async throws {
        let network = TestNetwork()
        var nodes: [ReplicationNode] = []
        for number in 1...3 as ClosedRange<UInt32> { nodes.append(try await network.node(number)) }
        let all = nodes
        try await network.run(all) {
            await withDiscardingTaskGroup { group in
                for (place, node) in all.enumerated() {
                    group.addTask {
                        for round in 0..<10 {
                            let numbers = (0..<4).map { UInt64(place * 1_000 + round * 10 + $0) }
                            let batch = network.paid(numbers.map { .sample($0, topic: $0 % 3) })
                            let outcomes = await node.publish(batch)
                            #expect(outcomes.allSatisfy { $0.event != nil })
                        }
                    }
                }
            }
            let isSynced = await eventually {
                for node in all {
                    let status = await node.status()
                    guard status.events == 120, status.isSynced else { return false }
                }
                return true
            }
            for node in all { print(await node.status()) }
            #expect(isSynced)
            let topics = await all[0].topics()
            #expect(topics.count == 3)
            for node in all.dropFirst() {
                #expect(await node.topics() == topics)
                for topic in topics {
                    #expect(await node.messages(in: topic.id) == all[0].messages(in: topic.id))
                }
            }
        }
    }
}
