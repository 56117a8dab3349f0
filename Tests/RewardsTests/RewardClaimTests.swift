import Primitives
import Rewards
import Testing

@Suite struct RewardClaimTests {
    private static func rows(_ cumulatives: [UInt128]) -> [RewardRow] {
        cumulatives.enumerated().map { place, cumulative in
            let participant = TestRewards.participant(UInt32(place + 1), stake: 1)
            return RewardRow(
                node: participant.node, payout: participant.payout,
                contribution: Contribution(held: 0, available: 0, attested: 0), earned: 0, shared: 0, reward: 0,
                cumulative: Amount(cumulative))
        }
    }

    private static func claim(_ row: RewardRow, _ tree: RewardTree, epoch: UInt64 = 1) throws -> RewardClaim {
        RewardClaim(
            epoch: epoch, node: row.node, payout: row.payout, cumulative: row.cumulative,
            proof: try #require(tree.proof(of: row.node)))
    }

    private static func refusal(_ claim: RewardClaim, root: Bytes32, isAttested: Bool = true) -> ClaimRefusal? {
        do throws(ClaimRefusal) {
            _ = try claim.decide(root: root, isAttested: isAttested, claimedBefore: 0)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a claim pays what its leaf exceeds the claims before, and nothing for a replay`() throws {
        let rows = Self.rows([100, 7])
        let tree = try #require(RewardTree(rows))
        let claim = try Self.claim(rows[0], tree)
        for (before, paid): (Amount, Amount) in [(0, 100), (1, 99), (99, 1), (100, 0), (101, 0), (.max, 0)] {
            #expect(try claim.decide(root: tree.root, isAttested: true, claimedBefore: before) == paid, "\(before)")
        }
    }

    @Test func `a proof has 33 hashes at most, whatever it leads to`() throws {
        let row = try #require(Self.rows([100]).first)
        let leaf = RewardTree.leaf(node: row.node, payout: row.payout, cumulative: row.cumulative)
        for count in [0, 32, 33, 34, 35] {
            let proof = (0..<count).map { Bytes32(integer: UInt128($0)) }
            let root = try proof.reduce(leaf) { try #require(StandardMerkleTree(leaves: [$0, $1])).root }
            let claim = RewardClaim(
                epoch: 1, node: row.node, payout: row.payout, cumulative: row.cumulative, proof: proof)
            #expect(Self.refusal(claim, root: root) == (count <= 33 ? nil : .proof), "\(count)")
        }
    }

    @Test func `a result without quorum pays nothing, even on a good proof`() throws {
        let rows = Self.rows([100, 7])
        let tree = try #require(RewardTree(rows))
        let claim = try Self.claim(rows[0], tree, epoch: 12)
        #expect(Self.refusal(claim, root: tree.root, isAttested: false) == .notAttested(12))
    }

    @Test func `L28: every leaf proves, and one changed member, hash or root does not, at every size`() throws {
        for size in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33] {
            let rows = Self.rows((0..<size).map { 1_000 + UInt128($0) })
            let tree = try #require(RewardTree(rows))
            for row in rows {
                let good = try Self.claim(row, tree)
                let about: Comment = "size \(size), node \(row.node)"
                #expect(Self.refusal(good, root: tree.root) == nil, about)
                #expect(Self.refusal(good, root: .zero) == .proof, about)
                func with(
                    node: UInt32? = nil, payout: Address? = nil, cumulative: Amount? = nil, proof: [Bytes32]? = nil
                ) -> RewardClaim {
                    RewardClaim(
                        epoch: 1, node: node ?? good.node, payout: payout ?? good.payout,
                        cumulative: cumulative ?? good.cumulative, proof: proof ?? good.proof)
                }
                var others = [
                    with(node: row.node + 1), with(node: row.node ^ 1 << 31), with(payout: .zero),
                    with(cumulative: try good.cumulative.adding(1)), with(cumulative: .max), with(cumulative: 0),
                    with(proof: good.proof + [.zero]), with(proof: good.proof + [tree.root]),
                ]
                if !good.proof.isEmpty {
                    others.append(with(proof: good.proof.dropLast()))
                    others.append(with(proof: Array(good.proof.dropFirst())))
                    others.append(with(proof: []))
                }
                if good.proof.count > 1 { others.append(with(proof: good.proof.reversed())) }
                for other in others { #expect(Self.refusal(other, root: tree.root) == .proof, about) }
            }
            #expect(tree.proof(of: 0) == nil)
            #expect(tree.proof(of: UInt32(size) + 1) == nil)
        }
        #expect(RewardTree([]) == nil)
    }

    @Test func `L29: claims in any order and repetition pay the largest cumulative amount once`() throws {
        for seed in UInt64(1)...60 {
            var generator = SplitMix64(seed: seed)
            var sums: [UInt128] = [0, 0, 0]
            var epochs: [(root: Bytes32, claims: [RewardClaim])] = []
            for epoch in UInt64(1)...8 {
                for place in sums.indices { sums[place] += UInt128.random(in: 0...1_000, using: &generator) }
                let rows = Self.rows(sums)
                let tree = try #require(RewardTree(rows))
                epochs.append((tree.root, try rows.map { try Self.claim($0, tree, epoch: epoch) }))
            }
            var (paid, largest) = ([UInt32: Amount](), [UInt32: Amount]())
            for _ in 0..<40 {
                let (root, claims) = epochs[Int.random(in: 0..<8, using: &generator)]
                let claim = claims[Int.random(in: 0..<3, using: &generator)]
                let before = paid[claim.node] ?? .zero
                let amount = try claim.decide(root: root, isAttested: true, claimedBefore: before)
                paid[claim.node] = try before.adding(amount)
                largest[claim.node] = max(largest[claim.node] ?? .zero, claim.cumulative)
                #expect(paid == largest, "seed \(seed)")
            }
            for (node, amount) in paid { #expect(amount.units <= sums[Int(node) - 1], "seed \(seed)") }
        }
    }

    @Test func `a proof of one epoch is none in another`() throws {
        let (first, second) = (Self.rows([1, 2, 3]), Self.rows([1, 2, 4]))
        let tree = try #require(RewardTree(first))
        let root = try #require(RewardTree(second)).root
        for row in first { #expect(Self.refusal(try Self.claim(row, tree), root: root) == .proof) }
    }

    @Test func `every refusal has a code of its own and a sentence`() {
        let all: [(ClaimRefusal, String)] = [
            (.unknownEpoch(3), "claim/unknown-epoch"), (.notAttested(3), "claim/not-attested"), (.proof, "claim/proof"),
        ]
        for (refusal, code) in all {
            #expect(refusal.code == code)
            #expect(refusal.detail.hasSuffix("."))
        }
        #expect(ClaimRefusal.unknownEpoch(3).detail.contains("3"))
    }
}
