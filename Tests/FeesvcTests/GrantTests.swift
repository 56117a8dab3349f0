import Channels
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Money given to pools, and references of the settlement that were refused.
struct GrantTests {
    private let edge = ServiceFixture.start + ServiceFixture.epochLength

    private func grant(
        _ amount: Amount, _ reference: UInt8, _ fixture: ServiceFixture, by key: SecretKey? = nil
    ) async throws {
        let grant = Grant(amount: amount, reference: SHA256.hash([reference]))
        try await fixture.service.credit(
            grant, signature: (key ?? fixture.settlement).sign(fixture.service.domain.digest(of: grant)))
    }

    @Test func `a grant is in the pool of the epoch that is open, in its result, its audit and its books`() async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            try await grant(1_000_000_007, 1, fixture)
            try await grant(1_000_000_007, 1, fixture)
            #expect(try await fixture.balance(.pool(1)) == 1_000_000_007)
            try await fixture.advance(to: edge)
            try await grant(5, 2, fixture)
            #expect(try await fixture.balance(.pool(2)) == 5)
            try await fixture.observeAll(4, epoch: 1)
            let result = try await fixture.service.seal(1)
            #expect(result.grants == 1_000_000_007)
            #expect(result.pool == 1_000_000_007)
            #expect(result.rows.map(\.reward) == Array(repeating: 250_000_001, count: 4))
            #expect(result.dust == 3)
            try await fixture.advance(to: edge + ServiceFixture.epochLength)
            try await fixture.observeAll(4, epoch: 2)
            #expect(try await fixture.service.seal(2).pool == 8)

            let out = fixture.directory + "/out"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var granted: [Amount] = []
            try DirectoryChain.audit(out) { granted.append($0.audit.result.grants) }
            #expect(granted == [1_000_000_007, 5])
            let sums = try await fixture.conservation()
            #expect(sums.custody == sums.liabilities)
        }
    }

    @Test func `L7: a reference that was refused stays refused, with any contents, also after a restart`() async throws
    {
        try await ServiceFixture.run { fixture in
            func refusal(_ body: () async throws -> Void) async throws -> String? {
                do {
                    try await body()
                    return nil
                } catch let refusal as Refusal {
                    return refusal.code
                }
            }
            let key = SecretKey(seed: 1, label: "payer")
            func pay(_ amount: Amount, _ reference: UInt8, _ fixture: ServiceFixture) async throws -> String? {
                let payout = Payout(account: key.address, amount: amount, reference: SHA256.hash([reference]))
                return try await refusal {
                    try await fixture.service.paid(
                        payout, signature: fixture.settlement.sign(fixture.service.domain.digest(of: payout)))
                }
            }
            // A stranger's statement leaves no trace.
            #expect(try await refusal { try await grant(5, 1, fixture, by: key) } == "settlement/signature")
            #expect(try await refusal { try await grant(5, 1, fixture) } == nil)

            #expect(try await refusal { try await grant(0, 2, fixture) } == "settlement/nothing")
            #expect(try await refusal { try await grant(7, 2, fixture) } == "settlement/nothing")
            #expect(try await pay(3_000_000, 3, fixture) == "settlement/not-payable")
            let channel = try await fixture.channel(key, deposit: 5_000_000)
            let close = CloseChannel(channelID: channel, charged: 0, validUntil: .max)
            _ = try await fixture.service.close(
                close, signature: key.sign(fixture.service.domain.digest(of: close)))
            #expect(try await fixture.balance(.payable(key.address)) == 5_000_000)
            #expect(try await pay(3_000_000, 3, fixture) == "settlement/not-payable")
            #expect(try await pay(1_000_000, 3, fixture) == "settlement/not-payable")

            let again = try await fixture.reopened()
            #expect(try await pay(3_000_000, 3, again) == "settlement/not-payable")
            #expect(try await refusal { try await grant(9, 3, again) } == "settlement/not-payable")
            #expect(try await pay(3_000_000, 4, again) == nil)
            // Money that counted stays counted, whatever comes under its reference.
            #expect(try await refusal { try await grant(0, 1, again) } == "settlement/nothing")
            #expect(try await refusal { try await grant(5, 1, again) } == nil)
            #expect(try await again.balance(.pool(1)) == 5)
            #expect(try await again.balance(.custody) == 2_000_005)
            await again.pool.close()
        }
    }
}
