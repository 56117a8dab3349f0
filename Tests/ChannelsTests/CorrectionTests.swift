import Channels
import Primitives
import Testing

@Suite struct CorrectionTests {
    @Test func `an act that corrects has the vectors' bytes, and no others are read`() throws {
        let vectors = try Vector.file(.rewards)["corrections"]
        for vector in try vectors["good"].list {
            let from = Correction.Purse(name: try vector["from"].text)
            let to = Correction.Purse(name: try vector["to"].text)
            let correction = Correction(
                epoch: try vector["epoch"].u64, from: try #require(from), to: try #require(to),
                amount: try vector["amount"].amount, reason: try vector["reason"].text)
            let act = AdminAct(.correct(try #require(correction)), nonce: try vector["nonce"].u64)
            #expect(act.canonicalBytes == (try vector["bytes"].bytes))
            #expect(try AdminAct(canonicalBytes: vector["bytes"].bytes) == act)
            #expect(act.order.isLogged)
        }
        for vector in try vectors["malformed"].list {
            #expect(throws: CanonicalError.self, "\(vector.title)") {
                try AdminAct(canonicalBytes: vector["bytes"].bytes)
            }
        }
    }
}
