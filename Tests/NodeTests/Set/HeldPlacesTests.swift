import Primitives
import Testing

@testable import Node

@Suite struct HeldPlacesTests {
    @Test(arguments: 0..<50 as Range<UInt64>)
    func `what another holds and this one lacks is named exactly, up to the limit`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var ours = HeldPlaces()
        var theirs = HeldPlaces()
        var missing: [EventPlace] = []
        for originator in 0..<4 as Range<UInt32> {
            for sequence in 1...60 as ClosedRange<UInt64> {
                let place = EventPlace(originator: originator, sequence: sequence)
                let isOurs = Bool.random(using: &generator)
                let isTheirs = Bool.random(using: &generator)
                if isOurs { ours.insert(place) }
                if isTheirs { theirs.insert(place) }
                if isTheirs, !isOurs { missing.append(place) }
                #expect(theirs.contains(place) == isTheirs)
            }
        }
        let ranges = theirs.ranges(limit: 1_000)
        let lacking = ours.lacking(from: ranges, limit: 1_000)
        #expect(lacking == missing.ranges)
        let some = ours.lacking(from: ranges, limit: 7)
        #expect(some == Array(missing.prefix(7)).ranges)
        #expect(theirs.ranges(limit: 3) == Array(ranges.prefix(3)))
        var writer = WireWriter()
        writer.append(ranges)
        var reader = WireReader(writer.bytes)
        #expect((try? reader.ranges(limit: 1_000)) == ranges)
    }

    /// Each line: originator step, gap, length less one.
    @Test(arguments: [
        [[0, 0, 0], [0, 0, 0]],  // Touches the range before.
        [[0, UInt64(Int64.max), 0]],  // Begins above the largest sequence.
        [[0, 0, UInt64(Int64.max)]],  // Ends above it.
        [[1 << 32, 0, 0]],  // No originator has this number.
        [[UInt64(UInt32.max), 0, 0], [1, 0, 0]],
        [[3, UInt64.max, 1]],
    ])
    func `ranges that can't be are refused`(_ ranges: [[UInt64]]) {
        var writer = WireWriter()
        writer.append(list: ranges) { writer, range in for value in range { writer.append(varint: value) } }
        var reader = WireReader(writer.bytes)
        #expect(throws: FrameError.field("places")) { try reader.ranges(limit: 10) }
    }

    @Test func `a varint longer than it need be is refused`() {
        for bytes: [UInt8] in [[0x80, 0x00], [0xff, 0x80, 0x00], Array(repeating: 0xff, count: 10)] {
            var reader = WireReader(bytes)
            #expect(throws: FrameError.field("varint")) { try reader.varint() }
        }
        for value in [0, 127, 128, 16_383, 16_384, UInt64.max] {
            var writer = WireWriter()
            writer.append(varint: value)
            var reader = WireReader(writer.bytes)
            #expect((try? reader.varint()) == value)
        }
    }
}
