import Channels
import Primitives
import Testing

@Suite struct HeadEvidenceTests {
    private let file: Vector
    private let domain: EIP712Domain

    init() throws {
        file = try Vector.file(.log)
        domain = EIP712Domain(
            chainID: Bytes32(integer: 31_337), verifyingContract: try file["domain"]["verifyingContract"].address)
    }

    /// Why the bytes are no good evidence against the vectors' log; `nil` where they are.
    private func refusal(_ bytes: [UInt8]) throws -> HeadEvidenceRefusal? {
        let (logID, logKey) = (try file["logId"].word, try file["logKey"].address)
        do throws(HeadEvidenceRefusal) {
            try HeadEvidence(canonicalBytes: bytes).check(logID: logID, logKey: logKey, domain: domain)
            return nil
        } catch {
            return error
        }
    }

    private static func name(_ contradiction: HeadContradiction) -> String {
        switch contradiction {
        case .roots: "roots"
        case .sizes: "sizes"
        case .time: "time"
        case .epoch: "epoch"
        }
    }

    @Test func `evidence of the vectors is good, for its reason, and has one byte form`() throws {
        let vectors = try file["evidence"].list
        #expect(vectors.count == 23)
        for vector in vectors {
            let bytes = try vector["bytes"].bytes
            #expect(try refusal(bytes) == nil, "\(vector.title)")
            let evidence = try HeadEvidence(canonicalBytes: bytes)
            #expect(Self.name(evidence.contradiction) == (try vector["contradiction"].text), "\(vector.title)")
            #expect(evidence.canonicalBytes == bytes, "\(vector.title)")
            #expect(HeadEvidence(evidence.first, evidence.second) == evidence, "\(vector.title)")
            #expect(HeadEvidence(evidence.second, evidence.first) == evidence, "\(vector.title)")
            #expect(evidence.first.head.size <= evidence.second.head.size, "\(vector.title)")
        }
    }

    @Test func `what is no evidence is refused for its reason`() throws {
        let vectors = try file["evidenceRejected"].list
        #expect(vectors.count == 53)
        for vector in vectors {
            let found = try refusal(vector["bytes"].bytes)
            let because =
                switch found {
                case .form: "form"
                case .noContradiction: "noContradiction"
                case .otherLog: "otherLog"
                case .signature: "signature"
                case .rolledBack: "rolledBack"
                case nil: "nothing"
                }
            #expect(because == (try vector["because"].text), "\(vector.title)")
        }
    }

    @Test func `one flipped bit in any byte spoils it`() throws {
        let good = try #require(try file["evidence"].list.first)["bytes"].bytes
        var generator = SplitMix64(seed: 12)
        for place in good.indices {
            var bytes = good
            bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            #expect(try refusal(bytes) != nil, "seed 12, byte \(place)")
        }
    }

    @Test func `no two heads that an honest log signs contradict each other`() {
        var generator = SplitMix64(seed: 13)
        let leaves = ReferenceTree.leaves(400)
        var tree = LogTree()
        var heads: [LogHead] = []
        var (time, epoch): (UInt64, UInt64) = (1_000, 1)
        for leaf in leaves {
            _ = tree.append(leaf)
            if UInt64.random(in: 0..<5, using: &generator) == 0 { epoch += 1 }
            for _ in 0..<UInt64.random(in: 0..<3, using: &generator) {
                time += UInt64.random(in: 0..<3, using: &generator)
                heads.append(LogHead(logID: .zero, size: tree.size, root: tree.root, time: time, epoch: epoch))
            }
        }
        for (place, later) in heads.enumerated() {
            for earlier in heads[...place] {
                #expect(earlier.contradiction(with: later) == nil, "seed 13, \(earlier) \(later)")
                #expect(later.contradiction(with: earlier) == nil, "seed 13, \(earlier) \(later)")
            }
        }
    }
}
