import Channels
import Foundation
import Primitives

@testable import Payer

/// A payer's files and amounts: a receipt from somebody else, a channel's state that a disk or a person changed.
let walletTargets: [FuzzTarget] = [
    FuzzTarget("receipt-file", memory: .json, seeds: receiptFileSeeds, run: testReceiptFile),
    FuzzTarget("wallet-channel", memory: .json, seeds: channelSeeds, run: testChannel),
    FuzzTarget(
        "currency", seeds: { Seeds.texts("39851680", "0.01USD", "1.5 usd", "340282366920938463463374607.4 USD") }
    ) {
        testCurrency(String(decoding: $0, as: UTF8.self))
    },
]

private func genesis() throws -> Genesis { try Genesis(canonicalBytes: try Seeds.form("body 1 genesis")) }

@Sendable private func receiptFileSeeds() throws -> [[UInt8]] {
    let receipts = try Seeds.forms("receipt").compactMap { try? Receipt(canonicalBytes: $0) }
    return try (receipts + [LostLog.restoredReceipt]).map { receipt in
        let charge = receipt.charge
        let item = Item(
            envelopeHash: charge.envelopeHash, bytes: charge.bytes, expiryDay: charge.expiryDay,
            postage: charge.price.postage, maxFee: .max)
        return ReceiptDocument(
            genesis: try genesis(), channelID: .zero, item: item, receipt: receipt, salt: .zero,
            voucher: try LostLog.voucher
        ).json
    }
}

private func testReceiptFile(_ bytes: [UInt8]) {
    guard let document = try? ReceiptDocument(json: bytes) else { return }
    let again = try? ReceiptDocument(json: document.json)
    require(again?.json == document.json, "a receipt's file is another once it was written and read")
    if let voucher = document.voucher?.bytes {
        canonical(voucher, SignedVoucher.init(canonicalBytes:), \.canonicalBytes)
    }
    guard let proven = try? document.check() else { return }
    require(
        proven.receipt.charge.commitment == Charge.commitment(to: proven.channelID, salt: document.salt),
        "a receipt proves a payment of another channel")
    require(proven.receipt.head.isBy(proven.genesis.logKey, in: proven.genesis.domain), "a head that nobody signed")
}

@Sendable private func channelSeeds() throws -> [[UInt8]] {
    let key = SecretKey(seed: 1, label: "fuzz")
    var record = ChannelRecord(
        channelID: .zero, payer: key.address, signer: key.address, opening: .zero, genesis: try genesis(),
        service: "http://127.0.0.1:8080",
        limits: SpendingLimits(perMessage: 50, perDay: 100, lowBalance: 1, topUp: TopUpRule(amount: 1, perDay: 2)))
    let fresh = record.json
    let items = (0..<3).map {
        Item(
            envelopeHash: Bytes32(integer: $0), bytes: 1, expiryDay: UTCDay(number: 20_514), postage: .zero, maxFee: 20)
    }
    _ = try record.sign(items, lane: 5, validUntil: 9, day: UTCDay(number: 20_450), key: key)
    try record.charged(items[0].envelopeHash, on: 5, 15, isNew: true)
    try record.request(.init(amount: 1, reference: .zero), isAutomatic: true, day: UTCDay(number: 20_450))
    record.withdrawal = .init(amount: 1, cumulative: 2)
    var back = record
    try back.rollBack(to: [], by: LoggedRollback(index: 1, rollback: try LostLog.rollback))
    return [fresh, record.json, back.json]
}

/// Whatever a state says: what is signed next never falls behind it, nor where the service lost what it took.
private func testChannel(_ bytes: [UInt8]) {
    guard let record = try? ChannelRecord(json: bytes) else { return }
    testSigning(record)
    guard record.rollback < .max, let lost = try? LostLog.rollback.lost else { return }
    var back = record
    let rollback = Rollback(lost: lost, time: record.rollback + 1, charges: 0, lastCharge: 0)
    guard (try? back.rollBack(to: [], by: LoggedRollback(index: 0, rollback: rollback))) != nil else { return }
    require(record.isContinued(by: back), "a rollback makes a state forget what was signed")
    testSigning(back)
}

private func testSigning(_ record: ChannelRecord) {
    require((try? ChannelRecord(json: record.json)) == record, "a channel's state is another once it was written")
    var next = record
    let item = Item(
        envelopeHash: Bytes32(integer: 99), bytes: 1, expiryDay: UTCDay(number: 20_514), postage: .zero, maxFee: 7)
    let key = SecretKey(seed: 1, label: "fuzz")
    for lane in record.lanes.keys {
        let before = next.signer(on: lane)
        guard
            let vouchers = try? next.sign(
                [item], lane: lane, validUntil: 9, day: UTCDay(number: 20_450), key: key)
        else { continue }
        let voucher = vouchers[0].voucher
        require(voucher.sequence > before.sequence, "a sequence was signed twice")
        require(voucher.cumulativeAmount >= before.ceiling, "a ceiling fell")
        require(record.isContinued(by: next), "a state forgets what was signed")
        if let perDay = next.limits.perDay { require(next.spent.amount <= perDay, "a day's limit was passed") }
    }
}

private func testCurrency(_ text: String) {
    for scale in [0, 6, 12, 30] as [UInt8] {
        let currency = Currency(code: "USD", scale: scale)
        guard let amount = currency.amount(text) else { continue }
        require(currency.amount(currency.text(amount)) == amount, "\(text) is another amount once it was written")
    }
}
