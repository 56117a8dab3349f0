import Channels
import Primitives
import Testing

@Suite struct LogVerifierTests {
    private let file: Vector
    private let fresh: LogVerifier

    init() throws {
        file = try Vector.file(.log)
        let domain = EIP712Domain(
            chainID: Bytes32(integer: 31_337), verifyingContract: try file["domain"]["verifyingContract"].address)
        fresh = LogVerifier(logID: try file["logId"].word, logKey: try file["logKey"].address, domain: domain)
    }

    private struct Step {
        let name: String
        let verdict: String
        let head: SignedHead
        let proof: [Bytes32]
        let newestSize: UInt64
        let newestTime: UInt64

        init(_ vector: Vector) throws {
            name = vector.title
            verdict = try vector["verdict"].text
            head = SignedHead(
                head: try LogHead(canonicalBytes: vector["head"].bytes), signature: try vector["signature"].signature)
            proof = try vector["proof"].words
            newestSize = try vector["newestSize"].u64
            newestTime = try vector["newestTime"].u64
        }
    }

    private static func verdict(_ verifier: inout LogVerifier, _ step: Step) -> String {
        do throws(HeadRefusal) {
            return switch try verifier.judge(step.head, proof: step.proof) {
            case .accepted: "accepted"
            case .older: "older"
            case .contradiction(let evidence): "\(evidence.contradiction)"
            case .rolledBack: "rolledBack"
            }
        } catch {
            return switch error {
            case .otherLog: "otherLog"
            case .empty: "empty"
            case .signature: "signature"
            case .withdrawn: "withdrawn"
            case .proof: "proof"
            }
        }
    }

    @Test func `it says of every head of the vectors' story what the page says`() throws {
        let steps = try file["following"].list.map(Step.init)
        #expect(steps.count == 43)
        var verifier = fresh
        for step in steps {
            #expect(Self.verdict(&verifier, step) == step.verdict, "\(step.name)")
            #expect((verifier.newest?.head.size ?? 0) == step.newestSize, "\(step.name)")
            #expect((verifier.newest?.head.time ?? 0) == step.newestTime, "\(step.name)")
        }
    }

    @Test func `the evidence that it holds convinces a stranger`() throws {
        let steps = try file["following"].list.map(Step.init)
        var verifier = fresh
        var found = 0
        for step in steps {
            let before = verifier.newest
            guard case .contradiction(let evidence)? = try? verifier.judge(step.head, proof: step.proof) else {
                continue
            }
            found += 1
            #expect(Set([evidence.first, evidence.second]) == Set([step.head, try #require(before)]), "\(step.name)")
            let shown = try HeadEvidence(canonicalBytes: evidence.canonicalBytes)
            #expect(throws: Never.self, "\(step.name)") {
                try shown.check(fresh.keys)
            }
        }
        #expect(found == 9)
    }

    @Test func `a new one goes on from a stored head`() throws {
        let steps = try file["following"].list.map(Step.init)
        var verifier = fresh
        for step in steps {
            _ = Self.verdict(&verifier, step)
            guard let stored = verifier.newest else { continue }
            var restored = fresh
            #expect(try restored.judge(stored, proof: []) == .accepted, "\(step.name)")
            #expect(restored == verifier, "\(step.name)")
            verifier = restored
        }
    }

    @Test func `it follows a growing log through any sizes, and no head of a fork passes`() throws {
        let key = SecretKey(seed: 1, label: "log")
        var generator = SplitMix64(seed: 14)
        let leaves = ReferenceTree.leaves(2_000)
        let reference = ReferenceTree(leaves)
        let shared = 700
        let forked = ReferenceTree(leaves[..<shared] + (shared..<2_000).map { MerkleLog.leafHash([UInt8($0 & 255)]) })
        var verifier = LogVerifier(logID: fresh.keys.logID, logKey: key.address, domain: fresh.keys.domain)
        func signed(_ tree: ReferenceTree, _ size: Int) -> SignedHead {
            let head = LogHead(
                logID: fresh.keys.logID, size: UInt64(size), root: tree.root(size), time: UInt64(size), epoch: 1)
            return SignedHead(head: head, signature: key.sign(fresh.keys.domain.digest(of: head.statement)))
        }
        func proof(_ tree: ReferenceTree, _ old: Int, _ new: Int) -> [Bytes32] {
            MerkleLog.consistencyPath(oldSize: UInt64(old), newSize: UInt64(new)) { part in
                tree.root(first: Int(part.place) << part.level, count: 1 << part.level)
            }
        }
        var size = Int.random(in: 1...300, using: &generator)
        #expect(try verifier.judge(signed(reference, size), proof: []) == .accepted)
        while size < 1_700 {
            let next = size + Int.random(in: 1...300, using: &generator)
            let fork = signed(forked, next)
            // Up to where they part, both histories are one; after it the fork's own proof starts from other leaves.
            if next > shared {
                let forkProof = proof(forked, size, next)
                if size > shared {
                    #expect(throws: HeadRefusal.proof) { try verifier.judge(fork, proof: forkProof) }
                }
                #expect(throws: HeadRefusal.proof) { try verifier.judge(fork, proof: proof(reference, size, next)) }
            }
            let goodProof = proof(reference, size, next)
            #expect(try verifier.judge(signed(reference, next), proof: goodProof) == .accepted, "seed 14, \(next)")
            let older = Int.random(in: 1...next, using: &generator)
            let olderProof = proof(reference, older, next)
            #expect(try verifier.judge(signed(reference, older), proof: olderProof) == .older, "seed 14, \(older)")
            size = next
        }
        #expect(try verifier.judge(signed(forked, size), proof: []) != .accepted)
    }
}
