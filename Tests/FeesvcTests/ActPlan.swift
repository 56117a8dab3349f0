import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Something that somebody does, and the places of the acts of its day that it rests on.
struct PlannedAct {
    enum Act {
        case voucher(PlannedVoucher)
        case welcome(EnvelopeHead)
        /// A node's word that it took a message, which then no node holds.
        case acknowledgement(Bytes32)
        case deposit(channel: Int, Amount, reference: Bytes32)
        case withdrawal(channel: Int, cumulative: Amount)
        case stake(operatorNumber: Int, Amount, reference: Bytes32)
        case close(channel: Int)
    }

    let act: Act
    var after: [Int] = []
}

/// Two days of acts. Of one channel the vouchers need the deposits, of the others what was given first covers all.
struct ActPlan {
    static let channelCount = 5
    private static let paying = 0..<3
    private static let toppedUp = 3
    /// Pays for nothing and is closed on the second day.
    private static let idle = 4
    static let deposit: Amount = 90_000_000_000

    struct Day {
        var acts: [PlannedAct] = []
        /// When the acts come, one after the other, whichever they are.
        var times: [UInt64] = []
    }

    private(set) var days: [Day] = []
    private var supply = MessageSupply()
    private var lanes: [PlannedLane: (sequence: UInt64, ceiling: UInt128)] = [:]
    private var withdrawn = [UInt128](repeating: 0, count: channelCount)
    private var covered = deposit.units
    /// Messages of the day before that are answered on this one.
    private var unanswered: [PlannedMessage] = []
    private var stampedCount = 0
    private var messageCount = 0

    init(_ generator: inout SplitMix64) {
        for number in 0..<2 as Range<UInt64> {
            let start = ServiceFixture.start + number * UTCDay.seconds
            days.append(day(number, start, &generator))
        }
    }

    private mutating func day(_ number: UInt64, _ start: UInt64, _ generator: inout SplitMix64) -> Day {
        var day = Day()
        day.acts = unanswered.map { PlannedAct(act: .welcome($0.head)) }
        unanswered = []
        for channel in Self.paying {
            for lane in 0..<UInt32.random(in: 2...3, using: &generator) {
                vouchers(PlannedLane(channel: channel, number: lane), at: start, in: &day, &generator)
            }
            withdrawals(channel, in: &day, &generator)
        }
        topUp(at: start, in: &day, &generator)
        for place in 0..<UInt8(4) {
            let amount = Amount(UInt128.random(in: 1...1_000_000_000, using: &generator))
            let reference = SHA256.hash([UInt8(number), place])
            let act: PlannedAct.Act =
                place == 3
                ? .stake(operatorNumber: Int.random(in: 1...3, using: &generator), amount, reference: reference)
                : .deposit(
                    channel: place == 2 ? Self.idle : Int.random(in: Self.paying, using: &generator), amount,
                    reference: reference)
            day.acts.append(PlannedAct(act: act))
        }
        if number == 1 { day.acts.append(PlannedAct(act: .close(channel: Self.idle))) }
        day.times = day.acts.map { _ in start + UInt64.random(in: 1...80_000, using: &generator) }.sorted()
        return day
    }

    /// One to three vouchers, one after the other, and what is done about their messages.
    private mutating func vouchers(
        _ lane: PlannedLane, at time: UInt64, in day: inout Day, _ generator: inout SplitMix64
    ) {
        var last: [Int] = []
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let messages = (0..<Int.random(in: 1...3, using: &generator)).map {
                supply.next(at: time, postageOneIn: $0 == 0 ? 1 : 2, &generator)
            }
            day.acts.append(PlannedAct(act: .voucher(voucher(messages, on: lane)), after: last))
            let place = day.acts.count - 1
            last = [place]
            for message in messages {
                if message.item.postage > .zero {
                    stampedCount += 1
                    switch stampedCount % 3 {
                    case 0: day.acts.append(PlannedAct(act: .welcome(message.head), after: [place]))
                    case 1: unanswered.append(message)
                    default: break
                    }
                }
                messageCount += 1
                if messageCount.isMultiple(of: 3) {
                    day.acts.append(PlannedAct(act: .acknowledgement(message.item.envelopeHash), after: [place]))
                }
            }
        }
    }

    /// A voucher, a deposit, and a voucher whose ceiling the channel covers only with it.
    private mutating func topUp(at time: UInt64, in day: inout Day, _ generator: inout SplitMix64) {
        let lane = PlannedLane(channel: Self.toppedUp, number: 0)
        let amount = UInt128.random(in: 1...1_000_000_000, using: &generator)
        let first = [supply.next(at: time, postageOneIn: 2, &generator)]
        let ceiling = max(lanes[lane]?.ceiling ?? 0, 5_000_000_000)
        day.acts.append(PlannedAct(act: .voucher(voucher(first, on: lane, ceiling: ceiling))))
        let deposit = PlannedAct.Act.deposit(
            channel: lane.channel, Amount(amount), reference: SHA256.hash([9, UInt8(days.count)]))
        day.acts.append(PlannedAct(act: deposit))
        covered += amount
        let second = [supply.next(at: time, postageOneIn: 2, &generator)]
        let places = [day.acts.count - 2, day.acts.count - 1]
        day.acts.append(PlannedAct(act: .voucher(voucher(second, on: lane, ceiling: covered)), after: places))
    }

    /// The next voucher of a lane; its ceiling just covers the messages where no other is given.
    private mutating func voucher(
        _ messages: [PlannedMessage], on lane: PlannedLane, ceiling: UInt128? = nil
    ) -> PlannedVoucher {
        let before = lanes[lane] ?? (0, 0)
        let after = (
            sequence: before.sequence + 1, ceiling: ceiling ?? messages.reduce(before.ceiling) { $0 + $1.cost }
        )
        lanes[lane] = after
        return PlannedVoucher(
            channel: lane.channel, lane: lane.number, sequence: after.sequence, ceiling: Amount(after.ceiling),
            items: messages.map(\.item))
    }

    private mutating func withdrawals(_ channel: Int, in day: inout Day, _ generator: inout SplitMix64) {
        var last: [Int] = []
        for _ in 0..<Int.random(in: 1...2, using: &generator) {
            withdrawn[channel] += UInt128.random(in: 1_000...500_000_000, using: &generator)
            let act = PlannedAct.Act.withdrawal(channel: channel, cumulative: Amount(withdrawn[channel]))
            day.acts.append(PlannedAct(act: act, after: last))
            last = [day.acts.count - 1]
        }
    }
}

/// A plan's acts being done by a service.
struct ActRun {
    let fixture: ServiceFixture
    let channels: [Bytes32]
    /// The charges by envelope; their numbers depend on the order.
    private var charges: [Bytes32: UInt64] = [:]

    init(fixture: ServiceFixture, channels: [Bytes32]) {
        self.fixture = fixture
        self.channels = channels
    }

    /// The charge that paid for an envelope.
    func charge(of envelope: Bytes32) -> UInt64 { charges[envelope] ?? 0 }

    mutating func perform(_ act: PlannedAct.Act) async throws {
        let service = fixture.service
        switch act {
        case .voucher(let voucher):
            for receipt in try await fixture.pay(fixture.sign(voucher, channels)) {
                charges[receipt.charge.envelopeHash] = receipt.charge.number
            }
        case .welcome(let head):
            let statement = WelcomeStatement(topic: MessageSupply.topic.id, envelopeHash: head.hash)
            let welcome = Welcome(
                head: head, topic: MessageSupply.topic,
                signature: MessageSupply.owner.sign(service.domain.digest(of: statement)))
            _ = try await service.welcome(welcome, charge: charges[head.hash] ?? 0)
        case .acknowledgement(let envelope):
            let acknowledgement = Acknowledgement(
                node: 1, event: .zero, charge: charges[envelope] ?? 0, envelopeHash: envelope,
                time: ServiceFixture.start)
            let digest = service.domain.digest(of: acknowledgement.statement)
            try await service.keep(acknowledgement, signature: ServiceFixture.nodeKey(1).sign(digest))
        case .deposit(let channel, let amount, let reference):
            try await fixture.deposit(amount, to: channels[channel], reference: reference)
        case .withdrawal(let channel, let cumulative):
            let withdrawal = Withdrawal(channelID: channels[channel], cumulative: cumulative, validUntil: .max)
            _ = try await fixture.withdraw(withdrawal, by: ServiceFixture.payer(channel))
        case .stake(let number, let amount, let reference):
            let stake = StakeDeposit(
                operatorAddress: ServiceFixture.operatorKey(number).address, amount: amount, reference: reference)
            try await service.credit(stake, signature: fixture.settlement.sign(service.domain.digest(of: stake)))
        case .close(let channel):
            let close = CloseChannel(channelID: channels[channel], charged: .zero, validUntil: .max)
            let digest = service.domain.digest(of: close)
            _ = try await service.close(close, signature: ServiceFixture.payer(channel).sign(digest))
        }
    }
}

extension ServiceFixture {
    static func payer(_ channel: Int) -> SecretKey { SecretKey(seed: 5, label: "payer/\(channel)") }

    /// Opens channels that hold the same, in the order of their places.
    func channels(_ count: Int, deposit: Amount) async throws -> [Bytes32] {
        var channels: [Bytes32] = []
        for place in 0..<count { channels.append(try await channel(Self.payer(place), deposit: deposit)) }
        return channels
    }

    func sign(_ planned: PlannedVoucher, _ channels: [Bytes32]) -> SignedVoucher {
        let voucher = Voucher(
            channelID: channels[planned.channel], lane: planned.lane, sequence: planned.sequence,
            cumulativeAmount: planned.ceiling, validUntil: Self.start + 10 * UTCDay.seconds,
            itemsHash: Item.hash(of: planned.items))
        return SignedVoucher(
            voucher: voucher, items: planned.items,
            signature: Self.payer(planned.channel).sign(service.domain.digest(of: voucher)))
    }
}
