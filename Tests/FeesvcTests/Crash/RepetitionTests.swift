import Channels
import Foundation
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Law L6: whatever is asked again changes nothing, and what comes under a known id with other contents neither.
@Suite(.serialized) struct RepetitionTests {
    @Test(arguments: LawSeeds.all.prefix(1))
    func `L6: acts that several ask for at once, and again later, leave what asking once leaves`(_ seed: UInt64)
        async throws
    {
        var random = SplitMix64(seed: seed)
        let path = MoneyPath()
        try await CrashSite.run(path) { site in
            let expected = try await site.walk(path.acts)
            var repeated = 0
            _ = try await site.walk(path.acts, askers: 3) { service, place in
                let found = try await service.state()
                let about = "seed \(seed), \(path.acts[place].name)"
                if found != expected[place] {
                    Issue.record("\(about): \(found.difference(from: expected[place]))")
                }
                let picked = (0..<3).map { _ in Int.random(in: 0...place, using: &random) }
                for earlier in picked {
                    try await service.repeatNow(path.acts[earlier])
                    repeated += 1
                }
                let after = try await service.state()
                let names = picked.map { path.acts[$0].name }
                if after != found { Issue.record("\(about), again \(names): \(after.difference(from: found))") }
            }
            #expect(repeated == 3 * path.acts.count)
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `L6: an opening that comes again while its channel begins leaves nothing behind`() async throws {
        try await ServiceFixture.run { fixture in
            let opening = MoneyPath().opening(0)
            let id = opening.channelID(in: fixture.service.domain)
            let signature = ServiceFixture.payer(0).sign(id)
            _ = try await fixture.service.open(opening, signature: signature)
            let (hasBegun, begun) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await fixture.pool.withTransaction { transaction in
                        _ = try await ChannelStore(transaction).begin(opening, id: id, at: ServiceFixture.start)
                        begun.finish()
                        while try await !isAwaited(fixture) {}
                    }
                }
                group.addTask {
                    for await _ in hasBegun {}
                    _ = try await fixture.service.open(opening, signature: signature)
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.count("openings") == 0)
        }
    }

    /// Whether somebody waits for a lock of this database.
    private func isAwaited(_ fixture: ServiceFixture) async throws -> Bool {
        let rows = try await fixture.pool.query(
            """
            SELECT FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) \
            WHERE NOT l.granted AND a.datname = current_database()
            """)
        return !rows.isEmpty
    }

    @Test func `L6: a known id with other contents is refused and changes no row`() async throws {
        let path = MoneyPath()
        try await CrashSite.run(path) { site in
            _ = try await site.walk(path.acts) { service, place in
                // In the first epoch, before its seal, and at the end.
                let names = ["a midnight", "the nodes' observations", path.acts.last?.name]
                guard names.contains(path.acts[place].name) else { return }
                let before = try await service.state()
                for (what, code) in try await path.otherContents(service.fixture) {
                    let after = try await service.state()
                    #expect(after == before, "\(what): \(after.difference(from: before))")
                    #expect(code != nil, "\(what) was taken after \(path.acts[place].name)")
                }
            }
        }
    }
}

extension CrashingService {
    /// Asks for an act once more, whenever; a refusal is an answer as well.
    func repeatNow(_ act: MoneyAct) async throws {
        do {
            try await act.body(fixture)
        } catch is Refusal {}
    }
}

extension MoneyPath {
    /// Statements under ids that were used, each with other contents, and the code with which it was refused.
    func otherContents(_ fixture: ServiceFixture) async throws -> [(what: String, code: String?)] {
        let service = fixture.service
        func settled(_ digest: Bytes32) -> Signature { fixture.settlement.sign(digest) }
        var codes: [(what: String, code: String?)] = []
        func ask(_ what: String, _ body: () async throws -> Void) async {
            codes.append((what, await fixture.code(body)))
        }
        for (amount, place, reference) in [
            (Amount(90_000_000_001), 0, UInt8(0)), (90_000_000_000, 1, 0), (1_000_000_007, 0, 1),
        ] {
            await ask("a deposit under reference \(reference)") {
                try await fixture.deposit(amount, to: channel(place, fixture), reference: SHA256.hash([reference]))
            }
        }
        await ask("a grant under a deposit's reference") {
            let grant = Grant(amount: 90_000_000_000, reference: SHA256.hash([0]))
            try await service.credit(grant, signature: settled(service.domain.digest(of: grant)))
        }
        await ask("a stake of another amount") {
            let address = ServiceFixture.operatorKey(1).address
            let stake = StakeDeposit(
                operatorAddress: address, amount: 1_001, reference: SHA256.hash(address.bytes))
            try await service.credit(stake, signature: settled(service.domain.digest(of: stake)))
        }
        await ask("a payout under the reference of a refused one") {
            let payout = Payout(
                account: ServiceFixture.payer(0).address, amount: 1_000_000, reference: SHA256.hash([2]))
            try await service.paid(payout, signature: settled(service.domain.digest(of: payout)))
        }
        await ask("a voucher under a used sequence") {
            let other = voucher(0, 1, ["another"], ceiling: 60_000_000_000, fixture)
            _ = try await fixture.decide([other])[0].get()
        }
        await ask("a delegation under a used nonce") {
            let delegation = Delegation(
                channelID: channel(0, fixture), signer: owner.address, lane: 1, ceiling: 5_000_000_000,
                expires: ServiceFixture.start + 100 * Self.day, nonce: 1)
            _ = try await fixture.delegate(delegation, by: ServiceFixture.payer(0))
        }
        await ask("a withdrawal of less than was withdrawn") {
            let withdrawal = Withdrawal(
                channelID: channel(0, fixture), cumulative: 2_000_000_000, validUntil: .max)
            _ = try await fixture.withdraw(withdrawal, by: ServiceFixture.payer(0))
        }
        await ask("an act under a used nonce") { try await fixture.order(.pause(true), nonce: 4) }
        await ask("another node of an operator") {
            let key = ServiceFixture.operatorKey(1)
            let registration = RegisterNode(
                operatorAddress: key.address, nodeKey: ServiceFixture.nodeKey(9).address, payout: key.address,
                stake: 1_000, peerEndpoint: "127.0.0.1:1", httpEndpoint: "127.0.0.1:2")
            let digest = service.domain.digest(of: registration)
            _ = try await service.register(
                registration, operatorSignature: key.sign(digest),
                nodeSignature: ServiceFixture.nodeKey(9).sign(digest))
        }
        return codes
    }
}
