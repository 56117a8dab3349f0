import Channels
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Laws of a service that many ask at once, on a real PostgreSQL.
@Suite(.serialized) struct ConcurrencyLawTests {
    private static let edge = ServiceFixture.start + ServiceFixture.epochLength

    // MARK: L9

    @Test(arguments: LawSeeds.all)
    func `L9: each of many charges that come at once around an edge is of one epoch, the one whose leaves hold it`(
        _ seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        let key = ServiceFixture.payer(0)
        let topic = Topic(owner: .zero, salt: .zero)
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channels(1, deposit: 90_000_000_000)[0]
            try await fixture.advance(to: Self.edge - 2)
            let pipeline = VoucherPipeline(fixture.service)
            // Signed before the edge, all of them.
            let vouchers = (UInt32(0)..<48).map { lane in
                let items = [fixture.item(fixture.envelope("\(lane)", topic: topic))]
                let voucher = Voucher(
                    channelID: channel, lane: lane, sequence: 1, cumulativeAmount: 50_000_000,
                    validUntil: Self.edge + 10 * UTCDay.seconds, itemsHash: Item.hash(of: items))
                return RecoveredVoucher(
                    signed: SignedVoucher(
                        voucher: voucher, items: items,
                        signature: key.sign(fixture.service.domain.digest(of: voucher))),
                    signer: key.address)
            }.shuffled(using: &random)
            let moves = (0..<4).map { _ in UInt64.random(in: 0...2, using: &random) }
            let indexes = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                for (place, voucher) in vouchers.enumerated() {
                    group.addTask { try await pipeline.submit([voucher])[0].get() }
                    if place.isMultiple(of: 12) {
                        group.addTask {
                            fixture.service.clock.move(to: Self.edge - 2 + moves[..<(place / 12 + 1)].reduce(0, +))
                            return []
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            try await fixture.advance(to: Self.edge + 1)
            let (epochs, leaves) = try await fixture.service.read {
                (try await EpochStore($0).all(), try await LogStore($0).leaves(at: indexes))
            }
            #expect(epochs.count == 2 && Set(indexes).count == 48, "seed \(seed)")
            var sums: [UInt64: Amount] = [:]
            for index in indexes {
                let charge = try #require(try leaves[index]?.charge())
                let holding = epochs.filter { $0.firstIndex <= index && index < $0.endIndex ?? .max }
                let numbered = epochs.filter {
                    $0.firstCharge <= charge.number && charge.number < $0.endCharge ?? .max
                }
                #expect(holding.map(\.number) == [charge.epoch] && numbered == holding, "seed \(seed)")
                sums[charge.epoch] = try (sums[charge.epoch] ?? .zero).adding(charge.price.total)
            }
            for epoch in epochs { #expect(epoch.charged == sums[epoch.number] ?? .zero, "seed \(seed)") }
        }
    }

    @Test func `L9: what nodes say late of an epoch counts once, and after its cut or seal never`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let key = ServiceFixture.payer(0)
            let channel = try await fixture.channels(1, deposit: 1_000_000_000)[0]
            let item = fixture.item(fixture.envelope("a", topic: Topic(owner: .zero, salt: .zero)))
            _ = try await fixture.pay(
                fixture.voucher([item], channel: channel, key: key, sequence: 1, ceiling: 50_000_000))
            #expect(await fixture.code { try await fixture.deliver([1], epoch: 1, node: 1) } == "statement/time")
            try await fixture.advance(to: Self.edge + 7)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask { try await fixture.deliver([1], epoch: 1, node: 1) }
                    group.addTask { try await fixture.observeAll(3, epoch: 1) }
                }
                try await group.waitForAll()
            }
            let kinds = try await fixture.service.read { try await LogStore($0).leaves(0..<1_000) }.map(\.kind)
            #expect(kinds.count { $0 == .delivered } == 1)
            #expect(kinds.count { $0 == .observation } == 3)
            try await fixture.advance(to: Self.edge + UTCDay.seconds)
            #expect(await fixture.code { try await fixture.deliver([1], epoch: 1, node: 2) } == "statement/time")
            _ = try await fixture.service.seal(1)
            #expect(await fixture.code { try await fixture.observeAll(3, epoch: 1) } == "statement/time")
        }
    }

    // MARK: L10, L36

    @Test(arguments: LawSeeds.all)
    func `L10: no account and no channel is below zero at any moment, whatever many ask of it at once`(
        _ seed: UInt64
    ) async throws {
        let crowd = try await Crowd.run(seed)
        #expect(crowd.accepted > 40 && crowd.refused > 20, "seed \(seed): \(crowd.accepted), \(crowd.refused)")
        #expect(Set(crowd.sights.map(\.entry)).count > 5, "seed \(seed)")
        for sight in crowd.sights {
            let about: Comment = "seed \(seed), after entry \(sight.entry)"
            #expect(sight.isConserved, about)
            #expect(sight.left.allSatisfy { $0 >= 0 }, about)
            for (account, totals) in sight.balances {
                #expect(throws: Never.self, about) { try totals.balance(of: account) }
            }
        }
        var balances = Balances()
        for entry in crowd.entries {
            #expect(throws: Never.self, "seed \(seed), entry \(entry.number)") { try balances.post(entry) }
        }
    }

    @Test(arguments: LawSeeds.all)
    func `L36: entries have no gap where many ask at once and some are refused in their transactions`(
        _ seed: UInt64
    ) async throws {
        let crowd = try await Crowd.run(seed)
        #expect(crowd.refused > 20, "seed \(seed)")
        #expect(crowd.entries.map(\.number) == Array(1...UInt64(crowd.entries.count)), "seed \(seed)")
    }

    // MARK: L29

    @Test(arguments: LawSeeds.all)
    func `L29: claims of any epochs that come at once and again pay each node its newest amount once`(
        _ seed: UInt64
    ) async throws {
        try await ServiceFixture.run { fixture in
            var random = SplitMix64(seed: seed)
            try await fixture.registerNodes(3)
            let results = try await seal(3, &random, fixture)
            var claims: [RewardClaim] = []
            for result in results { claims += try Self.claims(of: result) }
            // Node 3 claims nothing of the last epoch.
            let wanted = (claims + claims + claims).filter { $0.node != 3 || $0.epoch < 3 }.shuffled(using: &random)
            let paid = try await pay(wanted, fixture)
            for node in UInt32(1)...3 {
                let about: Comment = "seed \(seed), node \(node)"
                let address = ServiceFixture.operatorKey(Int(node)).address
                let claimed = try #require(wanted.filter { $0.node == node }.map(\.cumulative).max())
                let rewards = try Amount.sum(results.map { $0.rows[Int(node) - 1].reward })
                let (payable, left) = (
                    try await fixture.balance(.payable(address)), try await fixture.balance(.rewards(address))
                )
                #expect(paid[node] == claimed && payable == claimed, about)
                #expect(try left == rewards.subtracting(claimed), about)
                #expect((node == 3) == (claimed < rewards), about)
            }
        }
    }

    /// Epochs with grants of any size, sealed and attested.
    private func seal(
        _ count: UInt64, _ random: inout SplitMix64, _ fixture: ServiceFixture
    ) async throws -> [EpochResult] {
        var results: [EpochResult] = []
        for epoch in 1...count {
            let amount = Amount(UInt128.random(in: 1_000...1_000_000, using: &random))
            let grant = Grant(amount: amount, reference: SHA256.hash([UInt8(epoch)]))
            try await fixture.service.credit(
                grant, signature: fixture.settlement.sign(fixture.service.domain.digest(of: grant)))
            try await fixture.advance(to: ServiceFixture.start + epoch * ServiceFixture.epochLength)
            try await fixture.observeAll(3, epoch: epoch)
            let result = try await fixture.service.seal(epoch)
            try await attest(result, fixture)
            results.append(result)
        }
        return results
    }

    private static func claims(of result: EpochResult) throws -> [RewardClaim] {
        let tree = try #require(RewardTree(result.rows))
        return try result.rows.map { row in
            RewardClaim(
                epoch: result.epoch, node: row.node, payout: row.payout, cumulative: row.cumulative,
                proof: try #require(tree.proof(of: row.node)))
        }
    }

    /// Claims all at once; what each node got.
    private func pay(_ claims: [RewardClaim], _ fixture: ServiceFixture) async throws -> [UInt32: Amount] {
        let amounts = try await withThrowingTaskGroup(of: Amounts.self) { group in
            for claim in claims {
                group.addTask { Amounts(node: claim.node, amount: try await fixture.service.pay(claim)) }
            }
            var amounts: [Amounts] = []
            for try await amount in group { amounts.append(amount) }
            return amounts
        }
        return try amounts.reduce(into: [:]) { $0[$1.node] = try ($0[$1.node] ?? .zero).adding($1.amount) }
    }

    private struct Amounts {
        let node: UInt32
        let amount: Amount
    }

    private func attest(_ result: EpochResult, _ fixture: ServiceFixture) async throws {
        for number in 1...3 {
            let key = ServiceFixture.operatorKey(number)
            _ = try await fixture.service.attest(
                epoch: result.epoch, operatorAddress: key.address,
                signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
        }
    }
}
