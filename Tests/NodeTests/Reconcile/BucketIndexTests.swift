import Primitives
import Testing

@testable import Node

@Suite struct BucketIndexTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `an index that grows in any order says the same as the sorted set`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var index = BucketIndex()
        var model: [UInt64: Set<Bytes32>] = [:]
        for number in 0..<300 as Range<UInt64> {
            let id = SHA256.hash([
                UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8), UInt8(seed),
            ])
            let epoch = UInt64.random(in: 1...4, using: &generator)
            index.insert(id, epoch: epoch)
            model[epoch, default: []].insert(id)
            guard number % 37 == 0 else { continue }
            let summary = index.summary()
            #expect(summary.map(\.epoch) == model.keys.sorted())
            for bucket in summary {
                let sorted = model[bucket.epoch, default: []].sorted()
                #expect(bucket.count == UInt64(sorted.count) && bucket.root == SetRoot.of(ascending: sorted))
            }
        }
        for (epoch, ids) in model {
            var found: [Bytes32] = []
            var after = Bytes32.zero
            while true {
                let page = index.ids(epoch: epoch, after: after, limit: 7)
                found += page.ids
                guard page.more, let last = page.ids.last else { break }
                after = last
            }
            #expect(found == ids.sorted())
            let strangers = (0..<5).map { Bytes32(integer: UInt128($0 + 1)) }
            let missing = index.missing(from: (ids + strangers).sorted(), epoch: epoch)
            #expect(missing == strangers)
        }
        let none = index.ids(epoch: 99, after: .zero, limit: 7)
        #expect(none.ids.isEmpty && !none.more)
    }
}
