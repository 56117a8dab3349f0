import Primitives
import Testing

@testable import Node

@Suite struct SketchTests {
    private let key = SipHash.random()

    @Test func `hashes and cells are those of the vectors`() throws {
        for vector in SetVectors.all.siphash {
            let key = try #require(SipHash(key: Hex.decode(vector.key) ?? []))
            #expect(key.hash(vector.id) == number(vector.hash))
            #expect(SipHash(key: key.key) == key)
        }
        let vector = SetVectors.all.sketch
        var sketch = SetSketch(key: try #require(SipHash(key: Hex.decode(vector.key) ?? [])), cells: 64)
        for id in numberedIDs(vector.first, vector.count) { sketch.insert(id) }
        let expected = try vector.cells.map {
            SketchCell(count: $0.count, hashes: try #require(number($0.hashes)), ids: $0.ids)
        }
        #expect(sketch.cells(from: 0, count: 64) == expected)
    }

    /// Decodes as a node does, and returns what it needed.
    private func decode(_ ours: SetSketch, _ theirs: SetSketch) -> SketchDecoder {
        var decoder = SketchDecoder(key: key)
        while decoder.outcome == .unfinished {
            let portion = SketchGrowth.next(have: decoder.count, difference: 0)
            guard portion > 0 else { break }
            decoder.append(
                theirs: theirs.cells(from: decoder.count, count: portion),
                ours: ours.cells(from: decoder.count, count: portion))
        }
        return decoder
    }

    private func sketch(_ ids: some Sequence<Bytes32>) -> SetSketch {
        var sketch = SetSketch(key: key)
        for id in ids { sketch.insert(id) }
        return sketch
    }

    @Test(arguments: [(0, 0), (1, 0), (0, 1), (1, 1), (5, 3), (60, 40), (700, 300), (0, 3_000), (4_000, 4_000)])
    func `what only one of two sets holds is named, each side's exactly`(_ ours: Int, _ theirs: Int) {
        let common = numberedIDs(0, 2_000)
        let own = numberedIDs(10_000, UInt64(ours))
        let other = numberedIDs(20_000, UInt64(theirs))
        let decoder = decode(sketch(common + own), sketch(other + common))
        #expect(decoder.outcome == .decoded)
        #expect(Set(decoder.ours) == Set(own) && decoder.ours.count == ours)
        #expect(Set(decoder.theirs) == Set(other) && decoder.theirs.count == theirs)
        // Twice the difference, beyond the first portion: the code's overhead is 1.35 to 1.7, portions round up.
        #expect(decoder.count <= max(SketchGrowth.first, 2 * (ours + theirs) + 64))
    }

    @Test func `ids that come and go leave the sketch of the set`() {
        var generator = SplitMix64(seed: 4)
        let universe = numberedIDs(0, 500)
        var set: Set<Bytes32> = []
        var kept = SetSketch(key: key)
        for _ in 0..<3_000 {
            let id = universe[Int.random(in: 0..<universe.count, using: &generator)]
            if set.remove(id) != nil {
                kept.remove(id)
            } else {
                set.insert(id)
                kept.insert(id)
            }
        }
        #expect(kept.cells(from: 0, count: kept.count) == sketch(set).cells(from: 0, count: kept.count))
    }

    @Test func `a difference that is too large is not named`() {
        let decoder = decode(sketch([]), sketch(numberedIDs(0, 14_000)))
        #expect(decoder.outcome == .unfinished && decoder.count == SetSketch.cellsKept)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `P16: cells that nobody's set has end the decoding, and cost no more than their number`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var decoder = SketchDecoder(key: key)
        var lies = sketch(numberedIDs(0, 40)).cells(from: 0, count: 256)
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
            let place = Int.random(in: 0..<lies.count, using: &generator)
            let id = numberedIDs(UInt64.random(in: 0..<90, using: &generator), 1)[0]
            // Cells that look like one id each, in places where it does not belong.
            lies[place] = SketchCell(count: Bool.random(using: &generator) ? 1 : -1, hashes: key.hash(id), ids: id)
        }
        decoder.append(theirs: lies, ours: Array(repeating: .zero, count: lies.count))
        #expect(decoder.ours.count + decoder.theirs.count <= lies.count)
        #expect(decoder.outcome != .decoded)
    }

    @Test func `a first cell that is empty in its count and hashes only is not the end`() {
        var decoder = SketchDecoder(key: key)
        let lie = SketchCell(count: 0, hashes: 0, ids: numberedIDs(0, 1)[0])
        decoder.append(theirs: [lie], ours: [.zero])
        #expect(decoder.outcome == .unfinished)
    }

    @Test func `an id is part of the first cell and of fewer and fewer after it`() {
        var near = 0
        var far = 0
        for id in numberedIDs(0, 2_000) {
            var places = SketchPlaces(hash: key.hash(id))
            #expect(places.place == 0)
            var last = -1
            while places.place < 10_000 {
                #expect(places.place > last)
                last = places.place
                if (90..<110).contains(last) { near += 1 }
                if (9_000..<10_000).contains(last) { far += 1 }
                places.advance()
            }
        }
        // One in 1 + i/2 about place i: 2,000 × 20 / 51 and 2,000 × 1,000 / 4,751.
        #expect((630...940).contains(near) && (300...550).contains(far))
    }
}
