import Channels
import Primitives
import Testing

/// Forms by which pools are filled and split.
@Suite struct RewardFormTests {
    @Test func `an act that orders a ruleset carries its bytes`() throws {
        let vector = try Vector.file(.rewards)["act"]
        let act = AdminAct(.ruleset(try vector["ruleset"].bytes), nonce: try vector["nonce"].u64)
        #expect(act.canonicalBytes == (try vector["bytes"].bytes))
        #expect(try AdminAct(canonicalBytes: vector["bytes"].bytes) == act)
        #expect(act.order.isLogged)
    }

    @Test func `the last ruleset that was ordered counts`() throws {
        let signature = SecretKey(seed: 1, label: "admin").sign(.zero)
        func logged(_ order: AdminOrder, _ index: UInt64) -> LoggedAct {
            LoggedAct(index: index, act: AdminAct(order, nonce: index), signature: signature)
        }
        let acts = [
            logged(.ruleset([1]), 1), logged(.pause(true), 2), logged(.ruleset([2]), 3), logged(.pause(false), 4),
        ]
        #expect(acts.ruleset == [2])
        #expect(acts.prefix(2).ruleset == [1])
        #expect([logged(.pause(true), 2)].ruleset == nil)
    }

    @Test func `a grant has the vector's digest, signature and leaf`() throws {
        let vector = try Vector.file(.rewards)["grant"]
        let grant = Grant(
            amount: try vector["message"]["amount"].amount, reference: try vector["message"]["reference"].word)
        let domain = EIP712Domain(
            chainID: Bytes32(integer: 31_337),
            verifyingContract: try Vector.file(.protocol)["domain"]["verifyingContract"].address)
        #expect(domain.digest(of: grant) == (try vector["digest"].word))
        #expect(try vector["signature"].signature.isBy(vector["address"].address, over: domain.digest(of: grant)))
        #expect(grant.leaf.body == (try vector["leafBody"].bytes))
        #expect(grant.leaf.kind == .grant)
        #expect(try Grant(leafBody: grant.leaf.body) == grant)
    }
}
