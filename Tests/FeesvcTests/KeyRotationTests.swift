import Channels
import Foundation
import Payer
import Primitives
import Storage
import Testing

@testable import feesvc

@Suite struct KeyRotationTests {
    private static let edge = ServiceFixture.start + ServiceFixture.epochLength

    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))
    private let new = SecretKey(seed: 1, label: "new")

    private func rotation(_ role: KeyRole, _ fixture: ServiceFixture, nonce: UInt64) -> AdminOrder {
        let statement = KeyRotationStatement(role: role.rawValue, key: new.address, nonce: nonce)
        return .rotate(
            KeyRotation(
                role: role, key: new.address, proof: new.sign(fixture.service.domain.digest(of: statement))))
    }

    private func keys(_ fixture: ServiceFixture) async throws -> KeyHistory {
        let log = fixture.service.receiptDesk.log
        let (head, leaves) = try await fixture.service.receiptDesk.proofs(of: log.keys.changes.map(\.index))
        let body = KeysBody(
            head: HeadBody(head),
            rotations: leaves.map { KeysBody.LoggedLeaf(leaf: HexBytes($0.leaf.canonicalBytes), path: $0.path) },
            rollbacks: [])
        return try body.history(from: fixture.service.genesis)
    }

    @Test func `the log key is rotated once its file is there, and old receipts stay good`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 1_000_000_000)
            let old = try await fixture.pay(
                fixture.voucher(
                    [fixture.item(fixture.envelope("a", topic: topic))], channel: channel, key: key, sequence: 1,
                    ceiling: 50_000_000))
            let size = fixture.service.heads.head.head.size
            await #expect { try await fixture.order(rotation(.log, fixture, nonce: 1), nonce: 1) } throws: {
                ($0 as? Refusal)?.code == "rotate/key-file"
            }
            #expect(fixture.service.heads.head.head.size == size)

            let folder = KeyFolder(path: fixture.directory + "/keys")
            _ = try folder.install(new, role: "log")
            // A crash before the act: the old key is still in force.
            let again = try await fixture.reopened()
            try await again.order(rotation(.log, again, nonce: 1), nonce: 1)
            let genesis = again.service.genesis
            #expect(again.service.heads.head.isBy(new.address, in: genesis.domain))
            let once = try await again.reopened()
            let history = try await keys(once)
            #expect(history.changes.map(\.index) == [size])
            for receipt in old { try receipt.check(history) }
            let items = [once.item(once.envelope("b", topic: topic))]
            let receipts = try await once.pay(
                once.voucher(items, channel: channel, key: key, sequence: 2, ceiling: 100_000_000))
            for receipt in receipts {
                try receipt.check(history)
                #expect(throws: ReceiptRefusal.headSignature) {
                    try receipt.check(logID: genesis.logID, logKey: genesis.logKey, domain: genesis.domain)
                }
            }
            var verifier = LogVerifier(history)
            #expect(try verifier.judge(old[0].head, proof: []) == .accepted)
            let (head, proof) = try await once.service.receiptDesk.consistency(from: old[0].head.head.size)
            #expect(try verifier.judge(head, proof: proof) == .accepted)

            await once.pool.close()
            try FileManager.default.removeItem(atPath: folder.path + "/log-\(new.address.hex).key")
            await #expect(throws: KeyFolder.Missing.self) { try await once.reopened() }
        }
    }

    @Test func `the settlement's and the admin's old keys count for nothing new`() async throws {
        for role in [KeyRole.settlement, .admin] {
            try await ServiceFixture.run { fixture in
                let channel = try await fixture.channel(key, deposit: 5)
                try await fixture.order(rotation(role, fixture, nonce: 1), nonce: 1)
                let again = try await fixture.reopened()
                let deposit = Deposit(channelID: channel, amount: 7, reference: SHA256.hash([8]))
                let digest = again.service.domain.digest(of: deposit)
                if role == .settlement {
                    await #expect {
                        try await again.service.credit(deposit, signature: again.settlement.sign(digest))
                    } throws: {
                        ($0 as? Refusal)?.code == "settlement/signature"
                    }
                    try await again.service.credit(deposit, signature: new.sign(digest))
                    #expect(try await again.available(channel) == 12)
                } else {
                    await #expect { try await again.order(.pause(true), nonce: 2) } throws: {
                        ($0 as? Refusal)?.code == "act/signature"
                    }
                    let act = AdminAct(.pause(true), nonce: 2)
                    try await again.service.execute(act, new.sign(again.service.domain.digest(of: act.statement)))
                    #expect(await again.service.adminState().adminKey == new.address)
                }
                await again.pool.close()
            }
        }
    }

    @Test func `a rotation that is not proven or not new is refused, and not logged`() async throws {
        try await ServiceFixture.run { fixture in
            let size = fixture.service.heads.head.head.size
            await #expect { try await fixture.order(rotation(.admin, fixture, nonce: 1), nonce: 2) } throws: {
                ($0 as? Refusal)?.code == "rotate/proof"
            }
            let statement = KeyRotationStatement(role: 2, key: fixture.admin.address, nonce: 3)
            let used = KeyRotation(
                role: .settlement, key: fixture.admin.address,
                proof: fixture.admin.sign(fixture.service.domain.digest(of: statement)))
            await #expect { try await fixture.order(.rotate(used), nonce: 3) } throws: {
                ($0 as? Refusal)?.code == "rotate/used"
            }
            #expect(fixture.service.heads.head.head.size == size)
        }
    }

    @Test func `audits follow a rotation across an edge`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try KeyFolder(path: fixture.directory + "/keys").install(new, role: "log")
            try await fixture.order(rotation(.log, fixture, nonce: 1), nonce: 1)
            for epoch: UInt64 in [1, 2] {
                try await fixture.advance(to: ServiceFixture.start + epoch * ServiceFixture.epochLength)
                _ = try await fixture.service.seal(epoch)
            }
            let out = fixture.directory + "/reports"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var keys: [Int] = []
            try DirectoryChain.audit(out) { keys.append($0.start.keys.changes.count) }
            #expect(keys == [0, 1])
        }
    }
}
