import Primitives
import Rewards
import Testing

@Suite struct EquivocationTests {
    private static func domain() throws -> EIP712Domain {
        EIP712Domain(
            chainID: Bytes32(integer: 31_337),
            verifyingContract: try Vector.file(.protocol)["domain"]["verifyingContract"].address)
    }

    @Test func `L27: two results that one operator signed prove it from its address alone`() throws {
        for vector in try Vector.file(.rewards)["equivocations"]["good"].list {
            let evidence = try Equivocation(canonicalBytes: vector["bytes"].bytes)
            #expect(evidence.canonicalBytes == (try vector["bytes"].bytes), "\(vector.title)")
            #expect(evidence.operatorAddress == (try vector["operator"].address))
            #expect(evidence.epoch == 7)
            #expect(evidence.isGood(in: try Self.domain()), "\(vector.title)")
        }
    }

    @Test func `L27: nothing proves it against who signed one result`() throws {
        for vector in try Vector.file(.rewards)["equivocations"]["unproved"].list {
            // A changed byte may also leave no evidence to judge.
            let evidence = try? Equivocation(canonicalBytes: vector["bytes"].bytes)
            #expect(evidence?.isGood(in: try Self.domain()) != true, "\(vector.title)")
        }
        for vector in try Vector.file(.rewards)["equivocations"]["malformed"].list {
            #expect(throws: CanonicalError.self, "\(vector.title)") {
                try Equivocation(canonicalBytes: vector["bytes"].bytes)
            }
        }
    }

    @Test func `two sides make evidence where they differ and are of one epoch, in either order`() throws {
        let domain = try Self.domain()
        let key = SecretKey(seed: 1, label: "operator")
        func side(_ label: UInt8, epoch: UInt64 = 3) -> Equivocation.Side {
            let attestation = Attestation(
                epoch: epoch, result: SHA256.hash([label]), root: .zero, rewards: 5, inputs: .zero, ruleset: 2)
            return Equivocation.Side(attestation, key.sign(domain.digest(of: attestation)))
        }
        let found = try #require(Equivocation(key.address, side(1), side(2)))
        #expect(found == Equivocation(key.address, side(2), side(1)))
        #expect(found.isGood(in: domain))
        #expect(try Equivocation(canonicalBytes: found.canonicalBytes) == found)
        #expect(Equivocation(key.address, side(1), side(1)) == nil)
        #expect(Equivocation(key.address, side(1), side(2, epoch: 4)) == nil)
    }
}
