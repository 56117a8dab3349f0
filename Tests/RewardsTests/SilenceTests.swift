import Primitives
import Rewards
import Testing

@Suite struct SilenceTests {
    @Test func `a silence has the vectors' bytes, and no others are read`() throws {
        let vectors = try Vector.file(.rewards)["silences"]
        for vector in try vectors["good"].list {
            let silence = try Silence(canonicalBytes: vector["bytes"].bytes)
            #expect(silence.canonicalBytes == (try vector["bytes"].bytes))
            #expect(silence.epoch == (try vector["epoch"].u64))
            #expect(silence.nodes == (try vector["nodes"].list.map { try $0.u32 }))
        }
        for vector in try vectors["malformed"].list {
            #expect(throws: CanonicalError.self, "\(vector.title)") {
                try Silence(canonicalBytes: vector["bytes"].bytes)
            }
        }
    }

    @Test func `who was there and was not heard is left out, in order`() {
        let silence = Silence(before: 5, registered: [4, 2, 9, 1], heard: [2, 7])
        #expect(silence.nodes == [1, 4, 9])
        #expect(silence.epoch == 5)
        #expect(Silence(before: 5, registered: [2], heard: [2]).nodes.isEmpty)
        // Nobody was heard: the service did not ask.
        #expect(Silence(before: 5, registered: [4, 2], heard: []).nodes.isEmpty)
    }

    @Test func `epochs in a row are one span`() {
        var absences = Absences()
        for epoch: UInt64 in [4, 5, 6, 9, .max] { absences.append(epoch) }
        #expect(
            absences.spans == [
                .init(from: 4, through: 6), .init(from: 9, through: 9), .init(from: .max, through: .max),
            ])
        for (epoch, isAbsent): (UInt64, Bool) in [
            (3, false), (4, true), (5, true), (6, true), (7, false), (8, false), (9, true), (10, false), (.max, true),
        ] { #expect(absences.contains(epoch) == isAbsent, "\(epoch)") }
    }
}
