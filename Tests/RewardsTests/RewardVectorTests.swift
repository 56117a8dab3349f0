import Primitives
import Rewards
import Testing

@Suite struct RewardVectorTests {
    private static func inputs(_ vector: Vector) throws -> RewardInputs {
        let captured = try vector["captured"]
        var before: [UInt32: Amount] = [:]
        for row in try vector["cumulativeBefore"].list { before[try row["node"].u32] = try row["cumulative"].amount }
        return RewardInputs(
            ruleset: try #require(Ruleset(genesis: try vector["ruleset"].u32)), epoch: try vector["epoch"].u64,
            firstIndex: try vector["firstIndex"].u64, endIndex: try vector["endIndex"].u64,
            logRoot: try vector["logRoot"].word,
            snapshot: try vector["nodes"].list.map {
                Participant(
                    node: try $0["node"].u32, operatorAddress: try $0["operator"].address,
                    payout: try $0["payout"].address, stake: try $0["stake"].amount)
            },
            observations: try vector["observations"].list.map { try Observation(canonicalBytes: $0["bytes"].bytes) },
            attestations: try vector["attestations"].list.map {
                AttestationRecord(node: try $0["node"].u32, due: try $0["due"].u32, given: try $0["given"].u32)
            },
            cumulativeBefore: before, base: try captured["base"].amount, storage: try captured["storage"].amount,
            postage: try captured["postage"].amount, dustIn: try vector["dustIn"].amount,
            grants: try vector["grants"].amount, refunds: try vector["refunds"].amount)
    }

    private static func cases() throws -> [Vector] { try Vector.file(.protocol)["rewards"].list }

    @Test func `every case has the vector's inputs`() throws {
        for vector in try Self.cases() {
            let inputs = try Self.inputs(vector)
            let result = try vector["result"]
            #expect(inputs.canonicalBytes == (try result["inputsBytes"].bytes), "\(vector.title)")
            #expect(inputs.hash == (try result["inputsHash"].word), "\(vector.title)")
        }
    }

    @Test func `L31: every case of ruleset 1 has the vector's result, byte for byte`() throws {
        let cases = try Self.cases()
        #expect(cases.count == 53)
        for vector in cases {
            let expected = try vector["result"]
            let result = try EpochResult.compute(Self.inputs(vector))
            #expect(result.pool == (try expected["pool"].amount), "\(vector.title)")
            #expect(result.rewards == (try expected["rewards"].amount), "\(vector.title)")
            #expect(result.dust == (try expected["dust"].amount), "\(vector.title)")
            #expect(result.dropped.rawValue == (try expected["dropped"].u8), "\(vector.title)")
            #expect(result.root == (try expected["root"].word), "\(vector.title)")
            for (row, line) in zip(result.rows, try expected["rows"].list) {
                #expect(row.contribution.held == (try line["held"].u32), "\(vector.title), node \(row.node)")
                #expect(row.contribution.available == (try line["available"].u32), "\(vector.title), node \(row.node)")
                #expect(row.contribution.attested == (try line["attested"].u32), "\(vector.title), node \(row.node)")
                #expect(row.earned == (try line["earned"].amount), "\(vector.title), node \(row.node)")
                #expect(row.shared == (try line["shared"].amount), "\(vector.title), node \(row.node)")
            }
            #expect(result.canonicalBytes == (try expected["resultBytes"].bytes), "\(vector.title)")
            #expect(result.hash == (try expected["resultHash"].word), "\(vector.title)")
        }
    }

    @Test func `every leaf and proof of a case leads to its root`() throws {
        for vector in try Self.cases() {
            let expected = try vector["result"]
            let result = try EpochResult.compute(Self.inputs(vector))
            let lines = try expected["rows"].list
            let tree = RewardTree(result.rows)
            #expect((tree == nil) == lines.isEmpty, "\(vector.title)")
            for line in lines {
                let node = try line["node"].u32
                let leaf = RewardTree.leaf(
                    node: node, payout: try line["payout"].address, cumulative: try line["cumulative"].amount)
                #expect(leaf == (try line["leaf"].word), "\(vector.title), node \(node)")
                let proof = try #require(tree?.proof(of: node))
                #expect(proof == (try line["proof"].words), "\(vector.title), node \(node)")
                let isProved = StandardMerkleTree.verify(leaf: leaf, proof: proof, root: try expected["root"].word)
                #expect(isProved, "\(vector.title), node \(node)")
            }
        }
    }

    @Test func `a result reads back from its bytes`() throws {
        for vector in try Self.cases() {
            let bytes = try vector["result"]["resultBytes"].bytes
            let read = try EpochResult(canonicalBytes: bytes)
            #expect(read.canonicalBytes == bytes, "\(vector.title)")
            #expect(read == (try EpochResult.compute(Self.inputs(vector))), "\(vector.title)")
        }
    }

    @Test func `where the page gives no result there is none`() throws {
        let refused = try Vector.file(.protocol)["rewardsRefused"].list
        #expect(refused.count == 7)
        for vector in refused {
            let inputs = try Self.inputs(vector)
            let isNegative = try vector["because"].text == "the pool is negative"
            #expect(throws: RewardError.amount(isNegative ? .underflow : .overflow), "\(vector.title)") {
                try EpochResult.compute(inputs)
            }
        }
    }

    @Test func `rules of another version are not known`() {
        for version: UInt32 in [0, 3, .max] { #expect(Ruleset(genesis: version) == nil) }
        #expect(Ruleset(genesis: 1)?.version == 1)
        #expect(Ruleset(genesis: 2)?.version == 2)
    }

    @Test func `the attestations of the vectors are over the first case's result`() throws {
        let file = try Vector.file(.protocol)
        let domain = EIP712Domain(
            chainID: Bytes32(integer: 31_337), verifyingContract: try file["domain"]["verifyingContract"].address)
        let result = try EpochResult.compute(Self.inputs(try #require(try Self.cases().first)))
        let statements = try file["statements"].list.filter { $0.title.hasPrefix("attestation by operator") }
        #expect(statements.count == 3)
        for vector in statements {
            let digest = domain.digest(of: result.attestation)
            #expect(digest == (try vector["digest"].word))
            #expect(try vector["signature"].signature.isBy(vector["address"].address, over: digest))
        }
    }
}
