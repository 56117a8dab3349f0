import Primitives
import Rewards
import Testing

@Suite struct ObservationTests {
    private static func forms(_ tag: String) throws -> [Vector] {
        try Vector.file(.protocol)["forms"].list.filter { (try? $0["tag"].text) == "feesvc/\(tag)/1" }
    }

    @Test func `observations have the vectors' bytes and read back`() throws {
        let forms = try Self.forms("observation")
        #expect(forms.count == 3)
        for form in forms {
            let fields = try form["fields"]
            let observation = Observation(
                epoch: try fields["epoch"].u64, observer: try fields["observer"].u32,
                subjects: try fields["subjects"].list.map {
                    Observation.Subject(
                        node: try $0["node"].u32, probes: try $0["probes"].u32, answered: try $0["answered"].u32,
                        challenges: try $0["challenges"].u32, passed: try $0["passed"].u32,
                        firstDelivered: try $0["firstDelivered"].u64, bytesServed: try $0["bytesServed"].u64)
                }.reversed())
            let bytes = try form["bytes"].bytes
            #expect(observation.canonicalBytes == bytes, "\(form.title)")
            #expect(try Observation(canonicalBytes: bytes) == observation, "\(form.title)")
            #expect(observation.statement.observation == (try form["sha256"].word), "\(form.title)")
        }
    }

    @Test(arguments: [("observation", 9), ("result", 4)])
    func `what the page does not allow is refused`(_ tag: String, count: Int) throws {
        let rejected = try Vector.file(.protocol)["formsRejected"].list
            .filter { try $0["tag"].text == "feesvc/\(tag)/1" }
        #expect(rejected.count == count)
        for form in rejected {
            let bytes = try form["bytes"].bytes
            #expect(throws: CanonicalError.self, "\(form.title)") {
                if tag == "result" {
                    _ = try EpochResult(canonicalBytes: bytes)
                } else {
                    _ = try Observation(canonicalBytes: bytes)
                }
            }
        }
    }

    private struct Row {
        var node: UInt32
        var probes: UInt32 = 0
        var answered: UInt32 = 0
        var challenges: UInt32 = 0
        var passed: UInt32 = 0
    }

    /// The refusal of an observation by node 5, `nil` where it is good.
    private static func refusal(_ rows: [Row], count: UInt32? = nil) -> CanonicalError? {
        var encoder = CanonicalEncoder(tag: "feesvc/observation/1")
        encoder.append(1 as UInt64)
        encoder.append(5 as UInt32)
        encoder.append(count ?? UInt32(rows.count))
        for row in rows {
            for value in [row.node, row.probes, row.answered, row.challenges, row.passed] { encoder.append(value) }
            encoder.append(0 as UInt64)
            encoder.append(0 as UInt64)
        }
        do throws(CanonicalError) {
            _ = try Observation(canonicalBytes: encoder.bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func `nodes ascend, and the observer is not among them`() {
        #expect(Self.refusal([Row(node: 1), Row(node: 2), Row(node: 6)]) == nil)
        #expect(Self.refusal([Row(node: 0), Row(node: .max)]) == nil)
        for nodes: [UInt32] in [[5], [1, 5], [4, 5, 6], [1, 1], [2, 1], [6, 4], [1, 3, 2]] {
            #expect(Self.refusal(nodes.map { Row(node: $0) }) == .outOfRange(field: "node"), "\(nodes)")
        }
    }

    @Test func `no more is answered than probed, and no more passed than set`() {
        for (tries, successes, isGood): (UInt32, UInt32, Bool) in [
            (0, 0, true), (7, 6, true), (7, 7, true), (7, 8, false), (0, 1, false), (.max, .max, true),
        ] {
            let probed = Self.refusal([Row(node: 1, probes: tries, answered: successes)])
            #expect(probed == (isGood ? nil : .outOfRange(field: "answered")), "\(successes) of \(tries)")
            let challenged = Self.refusal([Row(node: 1, challenges: tries, passed: successes)])
            #expect(challenged == (isGood ? nil : .outOfRange(field: "passed")), "\(successes) of \(tries)")
        }
    }

    @Test func `4,096 nodes are the most, and a count is not believed`() {
        func rows(_ count: UInt32) -> [Row] { (0..<count).map { Row(node: 10 + $0) } }
        #expect(Self.refusal(rows(4_096)) == nil)
        #expect(Self.refusal(rows(4_097)) == .tooLong(limit: 4_096, found: 4_097))
        #expect(Self.refusal([], count: .max) == .tooLong(limit: 4_096, found: Int(UInt32.max)))
        #expect(Self.refusal(rows(2), count: 3) == .truncated)
        #expect(Self.refusal(rows(2), count: 1) == .trailing(count: 36))
    }

    @Test func `statements about observations and results have the vectors' hashes, digests and signatures`() throws {
        let file = try Vector.file(.protocol)
        let domain = EIP712Domain(
            chainID: Bytes32(integer: 31_337), verifyingContract: try file["domain"]["verifyingContract"].address)
        var count = 0
        for vector in try file["statements"].list {
            let message = try vector["message"]
            let statement: any TypedStatement
            switch try vector["struct"].text {
            case "Observation": statement = ObservationStatement(observation: try message["observation"].word)
            case "Attestation":
                statement = Attestation(
                    epoch: try message["epoch"].u64, result: try message["result"].word, root: try message["root"].word,
                    rewards: try message["rewards"].amount, inputs: try message["inputs"].word,
                    ruleset: try message["ruleset"].u32)
            default: continue
            }
            count += 1
            #expect(type(of: statement).typeHash == (try vector["typeHash"].word), "\(vector.title)")
            #expect(statement.structHash == (try vector["structHash"].word), "\(vector.title)")
            let digest = domain.digest(of: statement.structHash)
            #expect(digest == (try vector["digest"].word), "\(vector.title)")
            #expect(try vector["privateKey"].secret.sign(digest) == vector["signature"].signature, "\(vector.title)")
        }
        #expect(count == 8)
    }
}
