import Channels
import Primitives

/// A channel, its key, a schedule and a moment, for tests of what vouchers do. Prices are those of docs/protocol.md §4.
struct TestChannel {
    /// 2026-01-01T01:00:00Z.
    static let now: UInt64 = 1_767_229_200
    static let today: UInt32 = 20_454
    /// What an item of 1,024 bytes for 60 days costs.
    static let itemPrice: Amount = 39_851_680

    let key = SecretKey(seed: 1, label: "signer")
    let rules = Admission(challengeWindow: 86_400, settlementHorizon: 3_600)
    var schedule = TestChannel.schedule()
    var state: ChannelState
    var congestion = MinuteCounts()

    init(deposited: Amount = 1_000_000_000) {
        state = ChannelState(
            id: SHA256.hash([1]), payer: SecretKey(seed: 1, label: "payer").address, signer: key.address, stage: .open,
            deposited: deposited, refunded: 0, withdrawn: 0, lanes: [:])
    }

    static func schedule(
        base: Amount = 38_500_000, storage: Amount = 22, congestionUnit: Amount = 0, target: UInt32 = 600,
        postage: Amount = 5_000_000,
        days: ClosedRange<UInt32> = 1...400, bytesMax: UInt32 = 1_048_576, effectiveFrom: UInt64 = 0
    ) -> FeeSchedule {
        FeeSchedule(
            version: 1, effectiveFrom: effectiveFrom, base: base, storagePerByteDay: storage,
            congestionUnit: congestionUnit,
            targetPerMinute: target, postage: postage, postageWindow: 604_800, retentionDaysMin: days.lowerBound,
            retentionDaysMax: days.upperBound, bytesMax: bytesMax)
    }

    static func item(
        _ number: UInt64, bytes: UInt32 = 1_024, days: UInt32 = 60, postage: Amount = 0, maxFee: Amount = .max
    ) -> Item {
        Item(
            envelopeHash: SHA256.hash(Array("envelope \(number)".utf8)), bytes: bytes,
            expiryDay: UTCDay(number: today + days), postage: postage, maxFee: maxFee)
    }

    func voucher(
        _ items: [Item], ceiling: Amount = 1_000_000_000, sequence: UInt64 = 1, lane: UInt32 = 0,
        validUntil: UInt64 = TestChannel.now + 100_000
    ) -> SignedVoucher {
        let voucher = Voucher(
            channelID: state.id, lane: lane, sequence: sequence, cumulativeAmount: ceiling, validUntil: validUntil,
            itemsHash: Item.hash(of: items))
        return SignedVoucher(voucher: voucher, items: items, signature: key.sign(voucher.structHash))
    }

    func admit(
        _ voucher: SignedVoucher, signer: Address? = nil, charged: Set<Bytes32> = [], now: UInt64 = TestChannel.now
    ) throws(VoucherRefusal) -> Admitted {
        try rules.admit(
            voucher, signer: signer ?? key.address, channel: state, charged: charged, schedule: schedule,
            congestion: congestion, now: now)
    }

    /// The refusal of a voucher, `nil` where it is admitted.
    func refusal(
        _ voucher: SignedVoucher, signer: Address? = nil, charged: Set<Bytes32> = [], now: UInt64 = TestChannel.now
    ) -> VoucherRefusal? {
        do throws(VoucherRefusal) {
            _ = try admit(voucher, signer: signer, charged: charged, now: now)
            return nil
        } catch {
            return error
        }
    }

    /// The refusal of a voucher's form, `nil` where it is good.
    func formRefusal(_ voucher: SignedVoucher, now: UInt64 = TestChannel.now) -> VoucherRefusal? {
        do throws(VoucherRefusal) {
            try rules.checkForm(voucher, now: now)
            return nil
        } catch {
            return error
        }
    }
}
