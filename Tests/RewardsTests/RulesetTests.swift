import Primitives
import Rewards
import Testing

/// Rulesets and results of version 2, against vectors that were made from docs/protocol.md alone.
@Suite struct RulesetTests {
    private static func inputs(_ vector: Vector) throws -> RewardInputs {
        let captured = try vector["captured"]
        let before = try vector["cumulativeBefore"].list.map { (try $0["node"].u32, try $0["cumulative"].amount) }
        let penalties = try vector["penalties"].list.map { (try $0["node"].u32, try $0["proofs"].u32) }
        return RewardInputs(
            ruleset: try Ruleset(canonicalBytes: vector["rules"].bytes), epoch: try vector["epoch"].u64,
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
            cumulativeBefore: Dictionary(uniqueKeysWithValues: before), base: try captured["base"].amount,
            storage: try captured["storage"].amount, postage: try captured["postage"].amount,
            dustIn: try vector["dustIn"].amount, grants: try vector["grants"].amount,
            refunds: try vector["refunds"].amount, penalties: Dictionary(uniqueKeysWithValues: penalties))
    }

    @Test func `rulesets have the vectors' bytes and hashes, and read back`() throws {
        let rulesets = try Vector.file(.rewards)["rulesets"].list
        #expect(rulesets.count == 8)
        for vector in rulesets {
            let ruleset = try Ruleset(
                version: vector["version"].u32, nodes: vector["nodes"].u32, apps: vector["apps"].u32,
                protocolIncome: vector["protocol"].u32,
                division: try #require(FeeDivision(rawValue: vector["division"].u8)),
                stakeCap: vector["stakeCap"].u32, penalty: vector["penalty"].u32,
                penaltyCap: vector["penaltyCap"].u32)
            #expect(ruleset.canonicalBytes == (try vector["bytes"].bytes))
            #expect(ruleset.hash == (try vector["sha256"].word))
            #expect(try Ruleset(canonicalBytes: vector["bytes"].bytes) == ruleset)
        }
        #expect(Ruleset.first.canonicalBytes == (try rulesets[0]["bytes"].bytes))
        #expect(Ruleset.second.canonicalBytes == (try rulesets[1]["bytes"].bytes))
    }

    @Test func `what is no ruleset is refused`() throws {
        let refused = try Vector.file(.rewards)["rulesetsRefused"].list
        #expect(refused.count == 14)
        for vector in refused {
            #expect(throws: CanonicalError.self, "\(vector)") {
                try Ruleset(canonicalBytes: vector["bytes"].bytes)
            }
        }
    }

    @Test func `every case of version 2 has the vector's inputs and result, byte for byte`() throws {
        let cases = try Vector.file(.rewards)["results"].list
        #expect(cases.count == 195)
        for vector in cases {
            let inputs = try Self.inputs(vector)
            let expected = try vector["result"]
            #expect(inputs.canonicalBytes == (try expected["inputsBytes"].bytes), "\(vector.title)")
            let result = try EpochResult.compute(inputs)
            #expect(result.apps == (try expected["apps"].amount), "\(vector.title)")
            #expect(result.protocolIncome == (try expected["protocol"].amount), "\(vector.title)")
            #expect(result.dust == (try expected["dust"].amount), "\(vector.title)")
            for (row, line) in zip(result.rows, try expected["rows"].list) {
                #expect(row.earned == (try line["earned"].amount), "\(vector.title), node \(row.node)")
                #expect(row.shared == (try line["shared"].amount), "\(vector.title), node \(row.node)")
                #expect(row.taken == (try line["taken"].amount), "\(vector.title), node \(row.node)")
            }
            #expect(result.canonicalBytes == (try expected["resultBytes"].bytes), "\(vector.title)")
            #expect(try EpochResult(canonicalBytes: result.canonicalBytes) == result, "\(vector.title)")
        }
    }

    @Test func `a result has the form of its ruleset`() throws {
        let first = try TestRewards(nodes: [.init(stake: 1)], captured: 5).result()
        let second = try TestRewards(ruleset: .second, nodes: [.init(stake: 1)], captured: 5).result()
        for (result, other) in [(first, UInt8(2)), (second, UInt8(1))] {
            var bytes = result.canonicalBytes
            // The last byte of the ruleset's number, right behind the tag.
            bytes[4 + 15 + 3] = other
            #expect(throws: CanonicalError.outOfRange(field: "ruleset")) { try EpochResult(canonicalBytes: bytes) }
        }
    }
}
