import Primitives
import Testing

@testable import Channels

@Suite struct ShardTests {
    private static func sharding(_ bits: UInt8, _ replication: UInt16 = 0) throws -> Sharding {
        try #require(Sharding(bits: bits, replication: replication))
    }

    @Test func `topics lie in the shards that another program computes`() throws {
        for vector in try Vector.file(.shards)["topics"].list {
            let sharding = try Self.sharding(try vector["bits"].u8)
            #expect(sharding.shard(ofTopic: try vector["topic"].word).number == (try vector["shard"].u16))
        }
    }

    @Test func `an envelope's hash begins with the shard of its topic, and is else that of its bytes`() throws {
        for vector in try Vector.file(.shards)["envelopes"].list {
            let head = try EnvelopeHead(canonicalBytes: try vector["head"].bytes)
            #expect(head.hash == (try vector["hash"].word))
            let sharding = try Self.sharding(head.shardBits)
            #expect(sharding.shard(ofEnvelope: head.hash).number == (try vector["shard"].u16))
            #expect(sharding.shard(ofTopic: head.topic) == sharding.shard(ofEnvelope: head.hash))
        }
    }

    @Test func `shards have the holders that another program computes`() throws {
        for vector in try Vector.file(.shards)["maps"].list {
            let sharding = try Self.sharding(try vector["bits"].u8, try vector["replication"].u16)
            let nodes = try vector["nodes"].list.map {
                WeightedRendezvous.Candidate(number: try $0["number"].u32, weight: try $0["weight"].amount)
            }
            let map = ShardMap(sharding, logID: try vector["logId"].word, nodes: nodes)
            let holders = try vector["holders"].list.map { try $0.list.map { try $0.u32 } }
            #expect(sharding.all.map(map.holders(of:)) == holders)
            for node in nodes {
                #expect(
                    map.shards(of: node.number)
                        == Set(sharding.all.filter { map.holders(of: $0).contains(node.number) }))
            }
        }
    }

    @Test func `a node that comes or goes moves its own part of the shards, and no shard loses more than one holder`()
        throws
    {
        let sharding = try Self.sharding(8, 3)
        let nodes = (1...20 as ClosedRange<UInt32>).map {
            WeightedRendezvous.Candidate(number: $0, weight: Amount(1_000))
        }
        let all = ShardMap(sharding, logID: .zero, nodes: nodes)
        for gone in nodes {
            let rest = ShardMap(sharding, logID: .zero, nodes: nodes.filter { $0 != gone })
            var moved = 0
            for shard in sharding.all {
                let (before, after) = (Set(all.holders(of: shard)), Set(rest.holders(of: shard)))
                #expect(before.subtracting(after).isSubset(of: [gone.number]))
                if before != after { moved += 1 }
            }
            #expect(moved == all.shards(of: gone.number).count)
            // 256 × 3 ÷ 20 are 38; five deviations of a binomial are 29.
            #expect((9...68).contains(moved), "\(moved)")
        }
    }

    @Test func `an owner who tries many topics finds no shard emptier or fuller than chance does`() throws {
        let sharding = try Self.sharding(4)
        var counts: [Shard: Int] = [:]
        for number in 0..<4_096 as Range<UInt64> {
            counts[sharding.shard(ofTopic: Bytes32(integer: UInt128(number))), default: 0] += 1
        }
        // 256 each; five deviations are 77.
        #expect(counts.count == 16 && counts.values.allSatisfy { (179...333).contains($0) }, "\(counts)")
    }

    @Test func `sharded forms refuse what has a shorter form, and numbers of shards that there are not`() throws {
        let genesis = try Genesis(canonicalBytes: try Self.form("sharded-genesis"))
        #expect(genesis.sharding == (try Self.sharding(12, 5)))
        let rejected: [(form: String, end: [UInt8], field: String)] = [
            ("sharded-genesis", [0, 0, 0], "replication"), ("sharded-genesis", [13, 0, 1], "shardBits"),
            ("sharded-envelope", [0], "shardBits"), ("sharded-envelope", [13], "shardBits"),
        ]
        for (form, end, field) in rejected {
            let bytes = try Self.form(form).dropLast(end.count) + end
            #expect(throws: CanonicalError.outOfRange(field: field)) {
                if form == "sharded-genesis" {
                    _ = try Genesis(canonicalBytes: Array(bytes))
                } else {
                    _ = try EnvelopeHead(canonicalBytes: Array(bytes))
                }
            }
        }
        #expect(Sharding(bits: 13, replication: 1) == nil)
    }

    private static func form(_ kind: String) throws -> [UInt8] {
        let forms = try Vector.file(.protocol)["forms"].list
        let form = try #require(forms.first { (try? $0["tag"].text) == "feesvc/\(kind)/1" })
        return try form["bytes"].bytes
    }
}
