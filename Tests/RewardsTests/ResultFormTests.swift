import Primitives
import Rewards
import Testing

@Suite struct ResultFormTests {
    /// A result of the vectors with one metric of its last row changed; `fromEnd` is where the metric begins.
    private static func read(_ parts: UInt32, fromEnd: Int) throws -> EpochResult {
        let forms = try Vector.file(.protocol)["forms"].list
        let form = try #require(forms.first { (try? $0["tag"].text) == "feesvc/result/1" })
        var bytes = try form["bytes"].bytes
        let start = bytes.count - fromEnd
        bytes.replaceSubrange(start..<start + 4, with: withUnsafeBytes(of: parts.bigEndian, Array.init))
        return try EpochResult(canonicalBytes: bytes)
    }

    @Test(arguments: [("held", 76), ("available", 72), ("attested", 68)])
    func `a metric is one whole at most, so that every quality is`(_ field: String, _ fromEnd: Int) throws {
        for parts: UInt32 in [0, 999_999_999, 1_000_000_000] {
            let row = try #require(try Self.read(parts, fromEnd: fromEnd).rows.last)
            let metrics = ["held": row.contribution.held, "available": row.contribution.available]
            #expect((metrics[field] ?? row.contribution.attested) == parts)
            #expect(row.contribution.quality <= 1_000_000_000)
        }
        for parts: UInt32 in [1_000_000_001, .max] {
            #expect(throws: CanonicalError.outOfRange(field: field)) { try Self.read(parts, fromEnd: fromEnd) }
        }
    }
}
