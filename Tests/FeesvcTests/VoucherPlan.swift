import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// A voucher before there is a service: a channel is a place, for each service gives it an id of its own.
struct PlannedVoucher {
    let channel: Int
    let lane: UInt32
    let sequence: UInt64
    let ceiling: Amount
    let items: [Item]
}

/// Messages of any size and expiry, no two alike.
struct MessageSupply {
    static let owner = SecretKey(seed: 3, label: "owner")
    static let topic = Topic(owner: owner.address, salt: SHA256.hash([3]))
    static let postage: UInt128 = 1_000_000_000

    private var count: UInt128 = 0

    /// A message for a voucher of `time`, one of `oneIn` with postage.
    mutating func next(at time: UInt64, postageOneIn oneIn: Int, _ generator: inout SplitMix64) -> PlannedMessage {
        count += 1
        let days = UInt32.random(in: 2...40, using: &generator)
        let head = EnvelopeHead(
            topic: Self.topic.id, expiryDay: UTCDay(number: UTCDay(containing: time).number + days),
            salt: Bytes32(integer: count), payloadBytes: UInt32.random(in: 0...5_000, using: &generator),
            payloadHash: .zero)
        let postage = Int.random(in: 0..<oneIn, using: &generator) == 0 ? Self.postage : 0
        let item = Item(
            envelopeHash: head.hash, bytes: head.payloadBytes, expiryDay: head.expiryDay, postage: Amount(postage),
            maxFee: 2_000_000_000)
        return PlannedMessage(
            head: head, item: item, cost: 38_500_000 + 22 * UInt128(head.payloadBytes) * UInt128(days) + postage)
    }
}

struct PlannedMessage {
    let head: EnvelopeHead
    let item: Item
    /// Its price without congestion.
    let cost: UInt128
}

/// What is known of a lane while a plan is drawn.
struct PlannedLane: Hashable {
    let channel: Int
    let number: UInt32
}

/// Vouchers at some moments, good ones and others: repeated, for messages that were paid before, with a sequence that
/// was used, with a ceiling that covers too little or too much.
struct VoucherPlan {
    static let channelCount = 3
    static let deposit: Amount = 60_000_000_000

    private enum Kind {
        case new, repeated, paidBefore, sequenceUsed, ceilingLow, ceilingHigh
    }

    private(set) var moments: [(time: UInt64, vouchers: [PlannedVoucher])] = []
    private var supply = MessageSupply()
    private var lanes: [PlannedLane: (sequence: UInt64, ceiling: UInt128)] = [:]
    private var drawn: [PlannedVoucher] = []

    init(_ generator: inout SplitMix64) {
        // Two moments of one minute, one of the next, one that looks back further, one after a midnight.
        for offset: UInt64 in [5, 35, 65, 200, UTCDay.seconds + 10] {
            let time = ServiceFixture.start + offset
            let kinds =
                [Kind](repeating: .new, count: 8)
                + [.repeated, .paidBefore, .paidBefore, .sequenceUsed, .ceilingLow, .ceilingHigh]
            let first = drawn.count
            for kind in kinds.shuffled(using: &generator) { draw(kind, at: time, &generator) }
            moments.append((time, Array(drawn[first...])))
        }
    }

    private mutating func draw(_ kind: Kind, at time: UInt64, _ generator: inout SplitMix64) {
        let lane = PlannedLane(
            channel: Int.random(in: 0..<Self.channelCount, using: &generator),
            number: UInt32.random(in: 0...2, using: &generator))
        if kind == .repeated, let voucher = drawn.randomElement(using: &generator) { return drawn.append(voucher) }
        let messages = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
            supply.next(at: time, postageOneIn: 5, &generator)
        }
        var items = messages.map(\.item)
        // Enough for some congestion, not always for all of it.
        let slack = UInt128.random(in: 0...4_000_000, using: &generator) * UInt128(items.count)
        let before = lanes[lane] ?? (0, 0)
        var after = (
            sequence: before.sequence + 1, ceiling: before.ceiling + messages.reduce(slack) { $0 + $1.cost }
        )
        switch kind {
        case .new, .repeated: break
        case .paidBefore:
            let paid = drawn.filter { $0.channel == lane.channel }.randomElement(using: &generator)
            if let item = paid?.items.randomElement(using: &generator) { items.insert(item, at: 0) }
        case .sequenceUsed: after = (max(1, before.sequence), after.ceiling)
        case .ceilingLow: after.ceiling = before.ceiling + 1
        case .ceilingHigh: after.ceiling = Self.deposit.units + 1
        }
        drawn.append(
            PlannedVoucher(
                channel: lane.channel, lane: lane.number, sequence: after.sequence, ceiling: Amount(after.ceiling),
                items: items))
        if kind == .new || kind == .paidBefore { lanes[lane] = after }
    }
}
