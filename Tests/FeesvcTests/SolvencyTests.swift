import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

struct SolvencyTests {
    private func owed(_ fixture: ServiceFixture) async throws -> OwedState {
        try await fixture.service.read { transaction in
            try await OwedState(now: transaction, try #require(try await LogStore(transaction).state()))
        }
    }

    @Test func `L45: what is stated is all that is owed and all that is in custody, and each proves its part`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let payers = (1...5).map { SecretKey(seed: UInt64($0), label: "payer") }
            var channels: [Bytes32] = []
            for (place, payer) in payers.enumerated() {
                channels.append(try await fixture.channel(payer, deposit: Amount(UInt128(1_000_000_000 + place))))
            }
            try await fixture.registerNodes(2)
            let topic = Topic(owner: payers[0].address, salt: SHA256.hash([1]))
            _ = try await fixture.pay(
                fixture.voucher(
                    [fixture.item(fixture.envelope("a", topic: topic))], channel: channels[0], key: payers[0],
                    sequence: 1, ceiling: 500_000_000))
            let log = try KeyFile.readPlain(fixture.directory + "/keys/log.key")
            let (body, liabilities) = try await owed(fixture).stated(by: log)
            #expect(body.total == (try await fixture.balance(.custody)))
            #expect(body.total == 5_000_002_010)
            #expect(body.custody == body.total)
            // Five channels, two stakes, base and storage held.
            #expect(body.leaves == 9)
            let signature = try #require(body.signature)
            let digest = fixture.service.domain.digest(of: SolvencySignature(statement: body.statement))
            #expect(signature.isBy(log.address, over: digest))

            let folder = SolvencyFolder(path: fixture.directory + "/solvency")
            try folder.write(body, liabilities)
            let (statement, tree, _) = try folder.read()
            for channel in channels {
                let name = SolvencyStore.account(of: channel)
                let liability = try #require(liabilities.first { $0.account == name })
                #expect(liability.amount == (try await fixture.available(channel)))
                let proof = SolvencyProofBody(try #require(tree.proof(of: liability)))
                let read = try JSONDecoder().decode(
                    SolvencyProofBody.self, from: Data(try ChannelOutput.text(proof).utf8))
                #expect(statement.isProved(read.proof))
            }
            // Salts differ from statement to statement, so that two of them don't tell who was paid between.
            try await fixture.deposit(1, to: channels[1], reference: SHA256.hash([7]))
            let (_, later) = try await owed(fixture).stated(by: nil)
            #expect(Set(later.map(\.salt)).isDisjoint(with: liabilities.map(\.salt)))
            let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/liabilities.csv")
            #expect(mode[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func `a statement whose members were changed is refused`() async throws {
        let statement = SolvencyStatement(
            logID: .zero, entry: 1, entryHash: .zero, leaves: 1, root: SummedHash(hash: .zero, sum: 5))
        let good = SolvencyBody(statement, custody: 5, signature: nil)
        #expect(try good.checked() == statement)
        let short = SolvencyBody(statement, custody: 4, signature: nil)
        #expect(throws: OperatorError.self) { try short.checked() }
        let text = try ChannelOutput.text(good).replacing("\"total\" : \"5\"", with: "\"total\" : \"4\"")
        let changed = try JSONDecoder().decode(SolvencyBody.self, from: Data(text.utf8))
        #expect(changed.total == 4)
        #expect(throws: OperatorError.self) { try changed.checked() }
    }
}
