import Primitives
import Rewards
import Testing

@Suite struct QuorumTests {
    private static func snapshot(_ stakes: [UInt128]) -> [Participant] {
        stakes.enumerated().map { TestRewards.participant(UInt32($0.offset + 1), stake: $0.element) }
    }

    private static func isReached(_ signers: some Sequence<Int>, _ stakes: [UInt128]) throws -> Bool {
        let snapshot = snapshot(stakes)
        return try AttestationQuorum.isReached(
            by: Set(signers.map { snapshot[$0].operatorAddress }), in: snapshot)
    }

    @Test func `more than two thirds of the stake is a quorum, as the vectors say`() throws {
        let cases = try Vector.file(.protocol)["quorum"].list
        #expect(cases.count == 10)
        for vector in cases {
            let stakes = try vector["stakes"].list.map { try $0.amount.units }
            let signers = try vector["attested"].list.map { try $0.int }
            let expected = try vector["quorum"].flag
            do {
                #expect(try Self.isReached(signers, stakes) == expected, "\(vector.title)")
            } catch {
                Issue.record("\(vector.title): \(error)")
            }
        }
    }

    @Test func `one unit decides`() throws {
        for total: UInt128 in [3, 4, 5, 99, 100, 101, 1_000_000_007] {
            let most = total * 2 / 3
            #expect(try !Self.isReached([0], [most, total - most]), "\(total)")
            #expect(try Self.isReached([0], [most + 1, total - most - 1]), "\(total)")
        }
    }

    @Test func `strangers and nobody are no quorum, and all of the stake is`() throws {
        let snapshot = Self.snapshot([5, 6, 7])
        #expect(try !AttestationQuorum.isReached(by: [], in: snapshot))
        #expect(try !AttestationQuorum.isReached(by: [.zero, SecretKey(seed: 9, label: "x").address], in: snapshot))
        #expect(try Self.isReached(0..<3, [5, 6, 7]))
        #expect(try !Self.isReached([], []))
        #expect(try !Self.isReached(0..<2, [0, 0]))
    }

    /// Two results reach a quorum only where more than a third of the stake signed both.
    @Test func `L27: two quorums share more than a third of the stake`() throws {
        var both = 0
        for seed in UInt64(1)...400 {
            var generator = SplitMix64(seed: seed)
            let stakes = (0..<Int.random(in: 1...10, using: &generator)).map { _ in
                UInt128.random(in: 0...100, using: &generator)
            }
            func signers() -> Set<Int> {
                Set(stakes.indices.filter { _ in Int.random(in: 0..<5, using: &generator) > 0 })
            }
            let (a, b) = (signers(), signers())
            guard try Self.isReached(a, stakes), try Self.isReached(b, stakes) else { continue }
            both += 1
            let shared = a.intersection(b).reduce(UInt128(0)) { $0 + stakes[$1] }
            #expect(3 * shared > stakes.reduce(0, +), "seed \(seed)")
        }
        #expect(both > 20)
    }

    @Test func `of 3f + 1 equal nodes 2f + 1 are a quorum, and 2f are not`() throws {
        for f in 1...6 {
            let stakes = [UInt128](repeating: 10, count: 3 * f + 1)
            #expect(try Self.isReached(0..<(2 * f + 1), stakes), "\(f)")
            #expect(try !Self.isReached(0..<(2 * f), stakes), "\(f)")
        }
    }
}
