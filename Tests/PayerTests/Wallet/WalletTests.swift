import Channels
import Foundation
import Payer
import Primitives
import Testing

@Suite struct WalletTests {
    private let key = SecretKey(seed: 3, label: "payer")

    private func record() -> ChannelRecord {
        ChannelRecord(
            channelID: ModelPayer.channelID, payer: key.address, signer: key.address, opening: SHA256.hash([2]),
            genesis: ModelService().genesis, service: "http://127.0.0.1:1",
            limits: SpendingLimits(perMessage: 7, perDay: .max, topUp: TopUpRule(amount: 5, perDay: 6)))
    }

    private func signed() throws -> ChannelRecord {
        var record = record()
        _ = try record.sign(
            [item("a"), item("b")], lane: 3, validUntil: 9, day: UTCDay(number: 20_000), key: key)
        try record.charged(item("a").envelopeHash, on: 3, 4, isNew: true)
        try record.request(.init(amount: 5, reference: .zero), isAutomatic: true, day: UTCDay(number: 20_000))
        record.withdrawal = .init(amount: 3, cumulative: 8)
        record.authorised = [.zero]
        record.logSize = 12
        return record
    }

    private func item(_ name: String) -> Item {
        Item(
            envelopeHash: SHA256.hash(Array(name.utf8)), bytes: 1, expiryDay: UTCDay(number: 20_500), postage: .zero,
            maxFee: 7)
    }

    @Test func `a record survives the disk`() throws {
        let record = try signed()
        #expect(record.spent.amount == 11)
        #expect(try ChannelRecord(json: record.json) == record)
        #expect(try ChannelRecord(json: record.json).json == record.json)
    }

    @Test func `a record whose numbers can't be is refused`() throws {
        let text = String(decoding: try signed().json, as: UTF8.self)
        for (old, new, error) in [
            (
                "\"sequence\" : 2,\n      \"undecided\"", "\"sequence\" : 1,\n      \"undecided\"",
                .contradictory(lane: 3)
            ),
            ("\"ceiling\" : \"14\"", "\"ceiling\" : \"13\"", .contradictory(lane: 3)),
            ("\"charged\" : \"4\"", "\"charged\" : \"15\"", .contradictory(lane: 3)),
            ("\"version\" : 1", "\"version\" : 2", .version(found: 2)),
        ] as [(String, String, ChannelRecordError)] {
            #expect(text.contains(old), "\(old) in \(text)")
            let changed = Array(text.replacingOccurrences(of: old, with: new).utf8)
            #expect(throws: error) { try ChannelRecord(json: changed) }
        }
        #expect(throws: ChannelRecordError.self) { try ChannelRecord(json: Array(text.utf8.dropLast(9))) }
    }

    @Test func `a wallet is private, and nothing else is taken for one`() async throws {
        try await TestFolder.with { folder in
            #expect(throws: WalletError.self) { try Wallet(path: folder("wallet")) }
            let wallet = try Wallet.openOrMake(path: folder("wallet"))
            #expect(try folder.mode("wallet") == 0o700)
            #expect(try folder.mode("wallet/channels") == 0o700)
            #expect(try Wallet(path: folder("wallet")) == wallet)
            chmod(folder("wallet"), 0o750)
            #expect(throws: WalletError.self) { try Wallet(path: folder("wallet")) }
            try FileManager.default.createDirectory(atPath: folder("other/x"), withIntermediateDirectories: true)
            chmod(folder("other"), 0o700)
            #expect(throws: WalletError.self) { try Wallet.openOrMake(path: folder("other")) }
        }
    }

    @Test func `a second lock waits for the first to go`() async throws {
        try await TestFolder.with { folder in
            let wallet = try Wallet.openOrMake(path: folder("wallet"))
            var first: WalletLock? = try wallet.lock()
            #expect(throws: WalletError.self) { try wallet.lock() }
            #expect(first != nil)
            first = nil
            _ = try wallet.lock()
        }
    }

    @Test func `a state that forgets what was signed is not written`() async throws {
        try await TestFolder.with { folder in
            let wallet = try Wallet.openOrMake(path: folder("wallet"))
            let file = wallet.recordFile(ModelPayer.channelID)
            #expect(try file.read() == nil)
            try file.replace(record())
            try file.replace(try signed())
            #expect(try file.read() == (try signed()))
            #expect(throws: WalletError.self) { try file.replace(record()) }
            #expect(try file.read() == (try signed()))
            #expect(try folder.names == ["wallet"])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder("wallet/channels"))
                    == [ModelPayer.channelID.hex + ".json"])
            #expect(try folder.mode("wallet/channels/\(ModelPayer.channelID.hex).json") == 0o600)
        }
    }

    @Test func `a crash between the two names of a write leaves the old state or the new one`() async throws {
        try await TestFolder.with { folder in
            let wallet = try Wallet.openOrMake(path: folder("wallet"))
            let file = wallet.recordFile(ModelPayer.channelID)
            try file.replace(record())
            // What a crash before the rename leaves behind.
            let half = Array(try signed().json.dropLast(100))
            try Data(half).write(to: URL(filePath: file.path + ".0123456789abcdef.tmp"))
            #expect(try file.read() == record())
            #expect(try wallet.channels == [ModelPayer.channelID])
            try file.replace(try signed())
            #expect(try file.read() == (try signed()))
        }
    }

    @Test func `a channel is found by the beginning of its id`() async throws {
        try await TestFolder.with { folder in
            let wallet = try Wallet.openOrMake(path: folder("wallet"))
            #expect(throws: WalletError.self) { try wallet.channel(named: "") }
            try wallet.recordFile(ModelPayer.channelID).replace(record())
            let digits = String(ModelPayer.channelID.hex.dropFirst(2).prefix(4))
            for name in ["", "0x", digits, "0x" + digits, ModelPayer.channelID.hex] {
                #expect(try wallet.channel(named: name) == ModelPayer.channelID)
            }
            #expect(throws: WalletError.self) { try wallet.channel(named: "0xzz") }
            let other = SHA256.hash([10])
            let second = ChannelRecord(
                channelID: other, payer: key.address, signer: key.address, opening: nil,
                genesis: ModelService().genesis, service: "")
            try wallet.recordFile(other).replace(second)
            #expect(throws: WalletError.self) { try wallet.channel(named: "") }
            #expect(try wallet.channel(named: other.hex) == other)
        }
    }
}
