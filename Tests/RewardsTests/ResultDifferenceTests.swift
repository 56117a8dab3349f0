import Primitives
import Rewards
import Testing

/// What differs between two results of one epoch.
@Suite struct ResultDifferenceTests {
    private static func result(_ change: (inout TestRewards) -> Void = { _ in }) throws -> EpochResult {
        var rewards = TestRewards(
            nodes: [.init(stake: 1_000), .init(stake: 1_000), .init(stake: 2_000)], captured: 3_000_001)
        change(&rewards)
        return try rewards.result()
    }

    @Test func `of one result there are none`() throws {
        let result = try Self.result()
        #expect(result.differences(from: result).isEmpty)
        #expect(try result.differences(from: EpochResult(canonicalBytes: result.canonicalBytes)).isEmpty)
    }

    @Test func `each figure is named with its node and both values`() throws {
        let own = try Self.result()
        let other = try Self.result { $0.before = [2: 7] }
        let differences = own.differences(from: other)
        let cumulative = try #require(own.rows.first { $0.node == 2 }).cumulative
        let first = try #require(differences.first)
        #expect(first.name == "cumulative of node 2")
        #expect(first.own == cumulative.decimal)
        #expect(first.other == (try cumulative.adding(7)).decimal)
        #expect(differences.map(\.name) == ["cumulative of node 2", "root", "inputs"])
        #expect(other.differences(from: own).map(\.own) == differences.map(\.other))
    }

    @Test func `money of the epoch comes before rows, and rows before what follows from them`() throws {
        let names = try Self.result().differences(from: Self.result { $0.captured += 9 }).map(\.name)
        #expect(Array(names.prefix(3)) == ["base", "pool", "rewards"])
        #expect(names.contains("reward of node 3"))
        #expect(names.last == "root")
    }

    @Test func `a node that one result lacks is named`() throws {
        let own = try Self.result()
        let fewer = try Self.result { $0.nodes.removeLast() }
        let missing = own.differences(from: fewer).filter { $0.node == 3 }
        #expect(missing.map(\.figure) == ["reward"])
        #expect(missing.map(\.other) == ["none"])
        #expect(fewer.differences(from: own).filter { $0.node == 3 }.map(\.own) == ["none"])
    }

    @Test func `any byte that is read otherwise is a difference`() throws {
        let own = try Self.result()
        let bytes = own.canonicalBytes
        // After the tag, which says how the rest is read.
        for place in 19..<bytes.count {
            var changed = bytes
            changed[place] ^= 1
            guard let other = try? EpochResult(canonicalBytes: changed) else { continue }
            #expect(!own.differences(from: other).isEmpty, "byte \(place)")
        }
    }
}
