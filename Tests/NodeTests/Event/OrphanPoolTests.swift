import Primitives
import Testing

@testable import Node

@Suite struct OrphanPoolTests {
    private let log = TestLog()

    private func orphan(_ checked: CheckedEvent) -> OrphanPool.Orphan {
        OrphanPool.Orphan(checked: checked, source: nil)
    }

    @Test func `only what nobody has brought is absent`() {
        let chain = log.unsignedChain(1, count: 4)
        var pool = OrphanPool(eventsMax: 10, bytesMax: 1 << 20)
        for event in chain.dropFirst().reversed() {
            let dropped = pool.insert(orphan(event), missing: event.event.ancestors)
            #expect(dropped.isEmpty)
            #expect(pool.absent == [event.event.previous])
        }
        for (held, next) in zip(chain, chain.dropFirst()) {
            let released = pool.resolve(held.id).map(\.checked)
            #expect(released == [next])
        }
        #expect(pool.count == 0 && pool.absent.isEmpty)
    }

    @Test func `a full pool keeps the lowest sequences and takes only from who fills it`() {
        let flood = log.unsignedChain(1, count: 30)
        let honest = log.unsignedChain(2, count: 4, firstSample: 1_000)
        var pool = OrphanPool(eventsMax: 10, bytesMax: 1 << 20)
        for event in honest.dropFirst() { _ = pool.insert(orphan(event), missing: [event.event.previous]) }
        var dropped: [UInt64] = []
        for event in Array(flood.dropFirst()).shuffled(seed: 3) {
            dropped += pool.insert(orphan(event), missing: [event.event.previous]).map(\.sequence)
        }
        #expect(pool.count == 10)
        for event in honest.dropFirst() { #expect(pool.contains(event.id)) }
        for event in flood[1...7] { #expect(pool.contains(event.id)) }
        #expect(Set(dropped) == Set(9...30))
    }

    @Test func `bytes are bounded as events are`() {
        let chain = log.unsignedChain(1, count: 20)
        let size = chain[1].wire.frameBytes + 1_024
        var pool = OrphanPool(eventsMax: 1_000, bytesMax: 5 * size + size / 2)
        for event in chain.dropFirst() { _ = pool.insert(orphan(event), missing: [event.event.previous]) }
        #expect(pool.count == 5)
    }

    @Test func `what waits for a refused event goes with it, however deep`() {
        let chain = log.unsignedChain(1, count: 2_000)
        var pool = OrphanPool(eventsMax: 10_000, bytesMax: 1 << 30)
        for event in chain.dropFirst() { _ = pool.insert(orphan(event), missing: event.event.ancestors) }
        let dropped = pool.drop(dependentsOf: chain[0].id)
        #expect(dropped.count == 1_999)
        #expect(pool.count == 0 && pool.absent.isEmpty)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `whatever comes and goes, absent is what is waited for and not there`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let chains = [log.unsignedChain(1, count: 20), log.unsignedChain(2, count: 20, firstSample: 500)]
        var pool = OrphanPool(eventsMax: 12, bytesMax: 1 << 20)
        var model: [Bytes32: Set<Bytes32>] = [:]
        for step in 0..<200 {
            let event = chains[step % 2][Int.random(in: 1..<20, using: &generator)]
            if Bool.random(using: &generator) {
                guard model[event.id] == nil else { continue }
                model[event.id] = [event.event.previous]
                for gone in pool.insert(orphan(event), missing: [event.event.previous]) { model[gone.id] = nil }
            } else {
                for released in pool.resolve(event.event.previous) { model[released.checked.id] = nil }
            }
            #expect(pool.count == model.count)
            let waitedFor = model.values.reduce(into: Set<Bytes32>()) { $0.formUnion($1) }
            #expect(pool.absent == waitedFor.filter { model[$0] == nil })
        }
    }
}
