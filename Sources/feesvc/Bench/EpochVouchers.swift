import Channels
import Primitives

/// The vouchers of an epoch: one message each, of payers in turn, with their keys' signatures.
struct EpochVouchers: Sendable {
    /// Every how many messages one has postage.
    static let postageEvery = 100

    private let keys: [SecretKey]
    private let channels: [Bytes32]
    private let domain: EIP712Domain
    private let expiry: UTCDay
    private let validUntil: UInt64
    private let fee: Amount
    private let postage: Amount

    /// Prepares them for an epoch that begins at `start`, when a message is dearest: fewer days are left later.
    init(keys: [SecretKey], channels: [Bytes32], domain: EIP712Domain, schedule: FeeSchedule, start: UInt64) throws {
        self.keys = keys
        self.channels = channels
        self.domain = domain
        expiry = UTCDay(number: UTCDay(containing: start).number + 60)
        validUntil = start + 60 * UTCDay.seconds
        postage = schedule.postage
        let item = Item(envelopeHash: .zero, bytes: 1_024, expiryDay: expiry, postage: postage, maxFee: .max)
        fee = try schedule.price(item, acceptedAt: start, congestion: 0).total
    }

    /// What a channel needs for `count` messages of all payers.
    static func deposit(for count: Int, payers: Int, _ schedule: FeeSchedule, start: UInt64) throws -> Amount {
        let day = UTCDay(number: UTCDay(containing: start).number + 60)
        let item = Item(envelopeHash: .zero, bytes: 1_024, expiryDay: day, postage: schedule.postage, maxFee: .max)
        return try schedule.price(item, acceptedAt: start, congestion: 0).total.times(UInt64(count / payers + 1))
    }

    /// Signs the vouchers of some messages, on every processor.
    func signed(_ range: Range<Int>) async -> [RecoveredVoucher] {
        let part = 256
        return await withTaskGroup(of: (Int, [RecoveredVoucher]).self) { group in
            for start in stride(from: range.lowerBound, to: range.upperBound, by: part) {
                group.addTask { (start, (start..<min(start + part, range.upperBound)).map(voucher)) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    private func voucher(_ number: Int) -> RecoveredVoucher {
        let payer = number % channels.count
        let sequence = UInt64(number / channels.count + 1)
        var encoder = CanonicalEncoder(tag: "feesvc/bench-epoch/1")
        encoder.append(UInt64(number))
        let item = Item(
            envelopeHash: SHA256.hash(encoder.bytes), bytes: 1_024, expiryDay: expiry,
            postage: number % Self.postageEvery == 0 ? postage : .zero, maxFee: fee)
        let voucher = Voucher(
            channelID: channels[payer], lane: 0, sequence: sequence,
            cumulativeAmount: (try? fee.times(sequence)) ?? .max, validUntil: validUntil,
            itemsHash: Item.hash(of: [item]))
        return RecoveredVoucher(
            signed: SignedVoucher(
                voucher: voucher, items: [item], signature: keys[payer].sign(domain.digest(of: voucher))),
            signer: keys[payer].address)
    }
}
