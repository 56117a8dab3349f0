import Primitives
import Testing

@testable import Node

@Suite struct TopicDAGTests {
    @Test func `a hundred tips are merged by 33 events with at most four links`() {
        var dag = TopicDAG(tips: (1...100).map { Bytes32(integer: UInt128($0)) })
        var merges = 0
        while dag.tips.count > 1 {
            merges += 1
            let links = dag.nextLinks
            #expect(links.count <= 4 && links == links.sorted())
            dag.add(SHA256.hash([UInt8(merges)]), links: links)
        }
        #expect(merges == 33)
    }
}
