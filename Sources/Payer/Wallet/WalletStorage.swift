public import Channels
import Foundation
public import Primitives

/// Where a channel's state goes before anything that follows from it leaves the machine.
public protocol WalletStorage: Sendable {
    /// Returns when the state is on the disk.
    func write(_ record: ChannelRecord) throws
    /// Returns when the proof of a payment is on the disk, with the voucher that paid, where that is known. The same again
    /// changes nothing.
    func save(_ paid: PaidItem, voucher: SignedVoucher?, record: ChannelRecord) throws
    /// The payments of a channel that a rollback gave up and that were saved with their vouchers, in the order of their
    /// lanes and sequences.
    func lost(by rollback: LoggedRollback, record: ChannelRecord) throws -> [LostPayment]
    /// Keeps what a service said that it should not have, and returns where.
    func keep(_ evidence: ServiceEvidence) throws -> String
}

/// A payment that the service took in a history that it lost.
public struct LostPayment: Sendable {
    /// The voucher that paid.
    public let voucher: SignedVoucher
    /// What was proved of it.
    public let paid: PaidItem

    /// Makes a payment.
    public init(voucher: SignedVoucher, paid: PaidItem) {
        self.voucher = voucher
        self.paid = paid
    }
}

/// A wallet's files, for as long as its lock is held.
public struct WalletFiles: WalletStorage {
    /// The wallet.
    public let wallet: Wallet
    private let lock: WalletLock

    /// Works on the files of a wallet whose lock the caller took.
    public init(wallet: Wallet, lock: WalletLock) {
        self.wallet = wallet
        self.lock = lock
    }

    /// Writes the channel's state file.
    public func write(_ record: ChannelRecord) throws {
        try wallet.recordFile(record.channelID).replace(record)
    }

    /// Writes `receipts/<channel>/<charge>.json`.
    public func save(_ paid: PaidItem, voucher: SignedVoucher?, record: ChannelRecord) throws {
        let document = ReceiptDocument(
            genesis: record.genesis, channelID: record.channelID, item: paid.item, receipt: paid.receipt,
            salt: paid.salt, voucher: voucher)
        try Wallet.make("\(wallet.path)/receipts/\(record.channelID.hex)")
        try PrivateFile(path: wallet.receiptPath(of: record.channelID, charge: paid.receipt.charge.number))
            .replace(document.json)
    }

    /// Reads the files in `receipts/<channel>`.
    public func lost(by rollback: LoggedRollback, record: ChannelRecord) throws -> [LostPayment] {
        let folder = "\(wallet.path)/receipts/\(record.channelID.hex)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var lost: [LostPayment] = []
        for name in names where UInt64(name.dropLast(5)) != nil && name.hasSuffix(".json") {
            let file = PrivateFile(path: "\(folder)/\(name)")
            let document = try ReceiptDocument(json: try file.read(bytesMax: ReceiptDocument.bytesMax))
            let receipt = try Receipt(canonicalBytes: document.receipt.bytes)
            guard rollback.withdraws(receipt.head.head), receipt.leaf.index >= rollback.index,
                let item = document.item?.item, let bytes = document.voucher?.bytes
            else { continue }
            lost.append(
                LostPayment(
                    voucher: try SignedVoucher(canonicalBytes: bytes),
                    paid: PaidItem(item: item, receipt: receipt, salt: document.salt)))
        }
        return lost.sorted { a, b in
            (a.voucher.voucher.lane, a.voucher.voucher.sequence) < (b.voucher.voucher.lane, b.voucher.voucher.sequence)
        }
    }

    /// Writes `evidence/<hash>.json`: the same evidence again is the same file.
    public func keep(_ evidence: ServiceEvidence) throws -> String {
        let json = evidence.json
        let path = "\(wallet.path)/evidence/\(SHA256.hash(json).hex).json"
        try PrivateFile(path: path).replace(json)
        return path
    }
}

extension Wallet {
    /// Where the receipt of a charge is kept.
    public func receiptPath(of channel: Bytes32, charge: UInt64) -> String {
        "\(path)/receipts/\(channel.hex)/\(charge).json"
    }

    /// Where a node's acknowledgement of the message of a charge is kept.
    public func acknowledgementPath(of channel: Bytes32, charge: UInt64) -> String {
        "\(path)/receipts/\(channel.hex)/\(charge).acknowledgement.json"
    }

    /// Where a node's signed refusal of the message of a charge is kept.
    public func refusalPath(of channel: Bytes32, charge: UInt64) -> String {
        "\(path)/receipts/\(channel.hex)/\(charge).refusal.json"
    }

    /// Where an envelope is kept.
    public func envelopePath(_ hash: Bytes32) -> String { "\(path)/envelopes/\(hash.hex).bin" }
}

/// What a service said, beside what this wallet can prove against it.
public struct ServiceEvidence: Encodable, Sendable {
    /// A lane as one side has it.
    struct Lane: Encodable {
        let lane: UInt32
        let sequence: UInt64
        let ceiling: Amount
        let charged: Amount
        let voucher: VoucherProofBody?
    }

    /// What is wrong, one sentence.
    public let reason: String
    /// The channel.
    public let channelId: Bytes32
    /// When the service was asked, Unix seconds.
    public let time: UInt64
    /// The log's parameters.
    public let genesis: HexBytes
    /// What this wallet holds of the service's: the newest voucher taken on each lane. Its receipts lie in `receipts`.
    let held: [Lane]
    /// What the service said.
    let said: [Lane]
    /// Heads that contradict each other or whose proof was bad.
    public let heads: [HeadBody]

    init(
        reason: String, record: ChannelRecord, time: UInt64, account: ChannelAccount? = nil, heads: [SignedHead] = []
    ) {
        self.reason = reason
        channelId = record.channelID
        self.time = time
        genesis = HexBytes(record.genesis.canonicalBytes)
        held = record.lanes.sorted { $0.key < $1.key }.map { number, lane in
            Lane(
                lane: number, sequence: lane.signer.accepted?.voucher.sequence ?? 0,
                ceiling: lane.signer.accepted?.voucher.cumulativeAmount ?? .zero, charged: lane.signer.charged,
                voucher: lane.signer.accepted.map(VoucherProofBody.init))
        }
        said = (account?.lanes ?? []).map {
            Lane(
                lane: $0.lane, sequence: $0.sequence, ceiling: $0.ceiling, charged: $0.charged,
                voucher: $0.newest.map(VoucherProofBody.init))
        }
        self.heads = heads.map(HeadBody.init)
    }

    var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            preconditionFailure("texts and whole numbers are always JSON: \(error)")
        }
    }
}
