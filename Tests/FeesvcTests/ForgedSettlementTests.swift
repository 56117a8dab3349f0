import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// Money that never came, came twice, or does not fit. docs/attacks.md 3, 16, 17, 18, 19, 29.
struct ForgedSettlementTests {
    private let key = SecretKey(seed: 1, label: "payer")

    @Test func `a deposit counts under the settlement key's signature alone, over exactly its members`() async throws {
        try await ServiceFixture.run { fixture in
            let domain = fixture.service.domain
            let channel = try await fixture.channel(key, deposit: 100)
            let good = Deposit(channelID: channel, amount: 50, reference: SHA256.hash([1]))
            let stake = StakeDeposit(operatorAddress: key.address, amount: 50, reference: good.reference)
            let elsewhere = EIP712Domain(chainID: Bytes32(integer: 1), verifyingContract: domain.verifyingContract)
            let signature = fixture.settlement.sign(domain.digest(of: good))
            let forged: [(Deposit, Signature)] = [
                (good, key.sign(domain.digest(of: good))),
                (good, try KeyFile.readPlain(fixture.directory + "/keys/log.key").sign(domain.digest(of: good))),
                (good, try KeyFile.readPlain(fixture.directory + "/keys/admin.key").sign(domain.digest(of: good))),
                (good, fixture.settlement.sign(elsewhere.digest(of: good))),
                (good, fixture.settlement.sign(domain.digest(of: stake))),
                (Deposit(channelID: channel, amount: 51, reference: good.reference), signature),
                (Deposit(channelID: channel, amount: 50, reference: SHA256.hash([2])), signature),
                (Deposit(channelID: SHA256.hash([3]), amount: 50, reference: good.reference), signature),
            ]
            for (deposit, signature) in forged {
                await #expect { try await fixture.service.credit(deposit, signature: signature) } throws: {
                    ($0 as? Refusal)?.code == "settlement/signature"
                }
            }
            #expect(try await fixture.balance(.custody) == 100)
            try await fixture.service.credit(good, signature: signature)
            #expect(try await fixture.available(channel) == 150)
        }
    }

    @Test func `amounts are kept to the last of 128 bits, and what does not fit changes nothing`() async throws {
        try await ServiceFixture.run { fixture in
            let large = Amount(UInt128(1) << 127 | UInt128(1) << 64 | 1)
            let channel = try await fixture.channel(key, deposit: large)
            #expect(try await fixture.available(channel) == large)
            #expect(try await fixture.balance(.custody) == large)
            let room = try Amount.max.subtracting(large)
            await #expect(throws: (any Error).self) {
                try await fixture.deposit(try room.adding(1), to: channel, reference: SHA256.hash([0]))
            }
            #expect(try await fixture.available(channel) == large)
            try await fixture.deposit(room, to: channel, reference: SHA256.hash([1]))
            #expect(try await fixture.available(channel) == .max)
            let sums = try await fixture.conservation()
            #expect(sums.custody == .max && sums.liabilities == .max)
        }
    }

    @Test func `no column of money holds less than nothing, 2^128, or more than its channel has`() async throws {
        try await ServiceFixture.run { fixture in
            let topic = Topic(owner: key.address, salt: SHA256.hash([1]))
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            _ = try await fixture.pay(
                fixture.voucher(
                    [fixture.item(fixture.envelope("a", topic: topic))], channel: channel, key: key, sequence: 1,
                    ceiling: 50_000_000))
            for statement: SQL in [
                "UPDATE channels SET deposited = -1",
                "UPDATE channels SET refunded = 340282366920938463463374607431768211456",
                "UPDATE channels SET withdrawn = deposited + refunded + 1", "UPDATE lanes SET charged = -1",
                "UPDATE lanes SET charged = ceiling + 1", "UPDATE lanes SET lane = 64",
                "UPDATE lanes SET sequence = -1", "UPDATE storage_holds SET daily = -1",
                "UPDATE ledger_accounts SET debits = credits + 1 WHERE name <> 'custody'",
                "UPDATE ledger_accounts SET credits = debits + 1 WHERE name = 'custody'",
            ] {
                await #expect(throws: PostgresError.self, "\(statement)") { try await fixture.pool.execute(statement) }
            }
            #expect(try await fixture.available(channel) == 60_148_320)
        }
    }

    @Test func `a payout takes whole settlement units of what is payable, once`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 3_000_001)
            let close = CloseChannel(channelID: channel, charged: 0, validUntil: .max)
            _ = try await fixture.service.close(
                close, signature: key.sign(fixture.service.domain.digest(of: close)))
            /// What the service says no with; `nil` where it pays.
            func refusal(_ amount: Amount, _ reference: UInt8) async throws -> String? {
                let payout = Payout(account: key.address, amount: amount, reference: SHA256.hash([reference]))
                do {
                    try await fixture.service.paid(
                        payout, signature: fixture.settlement.sign(fixture.service.domain.digest(of: payout)))
                    return nil
                } catch let refusal as Refusal {
                    return refusal.code
                }
            }
            #expect(try await refusal(0, 1) == "settlement/nothing")
            #expect(try await refusal(2_999_999, 2) == "settlement/scale")
            #expect(try await refusal(3_000_001, 3) == "settlement/scale")
            #expect(try await refusal(4_000_000, 4) == "settlement/not-payable")
            #expect(try await refusal(2_000_000, 5) == nil)
            #expect(try await refusal(2_000_000, 5) == nil)
            #expect(try await fixture.balance(.payable(key.address)) == 1_000_001)
            #expect(try await refusal(2_000_000, 6) == "settlement/not-payable")
            #expect(try await refusal(1_000_000, 7) == nil)
            #expect(try await fixture.balance(.custody) == 1)
        }
    }
}
