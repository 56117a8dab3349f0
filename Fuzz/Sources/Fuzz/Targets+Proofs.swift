import Primitives
import Rewards

/// Signatures and Merkle proofs.
let proofTargets: [FuzzTarget] = [
    FuzzTarget("signature", seeds: signatureSeeds, run: testSignature),
    FuzzTarget("log-path", seeds: pathSeeds, run: testPath),
    FuzzTarget("claim", seeds: claimSeeds, run: testClaim),
]

@Sendable private func signatureSeeds() throws -> [[UInt8]] {
    let statements = try Vector.file(.protocol)["statements"].list.prefix(8)
    let rejected = try Vector.file(.eip712)["rejected"].list
    return try (statements + rejected).map { try $0["digest"].bytes + $0["signature"].bytes }
}

/// Input: b32 digest, then the signature.
private func testSignature(_ bytes: [UInt8]) {
    guard let digest = Bytes32(bytes.prefix(32)),
        let signature = canonical(Array(bytes.dropFirst(32)), Signature.init(_:), \.bytes)
    else { return }
    do throws(SignatureError) {
        let signer = try signature.recover(digest)
        require(signature.isBy(signer, over: digest), "a signature is not by its signer")
    } catch {
        require(error == .unrecoverable, "recovery failed by \(error)")
        require(!signature.isBy(.zero, over: digest), "a signature that nobody made is somebody's")
    }
}

@Sendable private func pathSeeds() throws -> [[UInt8]] {
    let file = try Vector.file(.protocol)
    let rejected = try file["merkleLogRejected"].list.map { one in
        var encoder = CanonicalEncoder()
        encoder.append(MerkleLog.leafHash(try one["leaf"].bytes))
        encoder.append(try one["index"].u64)
        encoder.append(try one["size"].u64)
        encoder.append(list: try one["path"].words) { $0.append($1) }
        return encoder.bytes
    }
    let good = try file["merkleLog"].list.flatMap { tree in
        try tree["paths"].list.prefix(4).map { one in
            var encoder = CanonicalEncoder()
            encoder.append(MerkleLog.leafHash(try tree["leaves"].list[try one["index"].int].bytes))
            encoder.append(try one["index"].u64)
            encoder.append(try tree["size"].u64)
            encoder.append(list: try one["path"].words) { $0.append($1) }
            return encoder.bytes
        }
    }
    return good + rejected
}

/// Input: b32 leaf hash, u64 index, u64 size, list<b32> path.
private func testPath(_ bytes: [UInt8]) {
    do throws(CanonicalError) {
        var decoder = CanonicalDecoder(untagged: bytes)
        let leaf = try decoder.readBytes32()
        let index = try decoder.readUInt64()
        let size = try decoder.readUInt64()
        let path = try decoder.readList(limit: 80) { decoder throws(CanonicalError) in try decoder.readBytes32() }
        let root = MerkleLog.root(ofLeaf: leaf, index: index, size: size, path: path)
        let expected = ReferencePath.root(of: leaf, index: index, size: size, path: path[...])
        require(root == expected, "a path leads to \(root?.hex ?? "nothing"), not \(expected?.hex ?? "nothing")")
        guard index < size else { return }
        let siblings = MerkleLog.siblings(index: index, size: size)
        require((root != nil) == (path.count == siblings.count), "a path of \(path.count) siblings")
    } catch {
        return
    }
}

@Sendable private func claimSeeds() throws -> [[UInt8]] {
    try Vector.file(.merkle)["trees"].list.flatMap { tree in
        // Some numbers and amounts of that file have 256 bits, which no claim has.
        try tree["claims"].list.prefix(2).compactMap { claim in
            guard let node = try? claim["index"].u32, let amount = try? claim["amount"].amount else { return nil }
            var encoder = CanonicalEncoder()
            encoder.append(node)
            encoder.append(try claim["account"].address)
            encoder.append(amount)
            encoder.append(Amount.zero)
            encoder.append(list: try claim["proof"].words) { $0.append($1) }
            return encoder.bytes
        }
    }
}

/// Input: u32 node, addr payout, u128 cumulative, u128 claimed before, list<b32> proof.
private func testClaim(_ bytes: [UInt8]) {
    do throws(CanonicalError) {
        var decoder = CanonicalDecoder(untagged: bytes)
        let node = try decoder.readUInt32()
        let payout = try decoder.readAddress()
        let cumulative = try decoder.readAmount()
        let before = try decoder.readAmount()
        let proof = try decoder.readList(limit: 512) { decoder throws(CanonicalError) in try decoder.readBytes32() }
        let claim = RewardClaim(epoch: 1, node: node, payout: payout, cumulative: cumulative, proof: proof)
        let leaf = RewardTree.leaf(node: node, payout: payout, cumulative: cumulative)
        let root = proof.reduce(leaf) { Keccak256.hash(min($0, $1).bytes + max($0, $1).bytes) }
        let paid = try? claim.decide(root: root, isAttested: true, claimedBefore: before)
        require(paid?.units == cumulative.units - min(cumulative.units, before.units), "a claim pays another amount")
        require((try? claim.decide(root: root, isAttested: false, claimedBefore: before)) == nil, "it paid too early")
        require((try? claim.decide(root: .zero, isAttested: true, claimedBefore: before)) == nil, "any root is good")
    } catch {
        return
    }
}
