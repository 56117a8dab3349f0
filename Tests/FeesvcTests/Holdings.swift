import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// What a database holds, as far as it does not hang on a service's keys, salts and ids, or on the second within a
/// minute.
struct Holdings {
    struct Channel: Hashable {
        let place: Int
        let stage: ChannelStage
        var deposited: Amount
        var refunded: Amount
        var withdrawn: Amount
        var lanes: [UInt32: LaneState]
    }

    struct Charged: Hashable {
        /// 0 where the order is left out.
        var number: UInt64
        /// Unix time ÷ 60; 0 where the order is left out.
        var minute: UInt64
        /// The number of the lane's charge before it; 0 where the order is left out.
        var previous: UInt64
        let channel: Int
        let lane: UInt32
        let envelope: Bytes32
        let bytes: UInt32
        let expiryDay: UTCDay
        let price: Price
        let isPostageDecided: Bool
        let isVoided: Bool
    }

    struct Epoch: Hashable {
        let number: UInt64
        let charged: Amount
        let refunded: Amount
        let captured: CapturedParts
        let held: Amount?
        let postageHeld: Amount?
    }

    /// Every account that is not empty.
    private(set) var balances: [LedgerAccount: Amount] = [:]
    private(set) var channels: [Channel] = []
    private(set) var charges: [Charged] = []
    /// The envelopes of each lane's charges, the oldest first.
    private(set) var chains: [PlannedLane: [Bytes32]] = [:]
    private(set) var storage = StorageHolds()
    private(set) var epochs: [Epoch] = []

    init() {}

    /// Reads a service's database, where control accounts have to agree with what they control.
    init(_ fixture: ServiceFixture, _ channelIDs: [Bytes32]) async throws {
        let state = await fixture.service.state
        let (totals, stored, rows, leaves, held, epochs, open) = try await fixture.service.read { transaction in
            let reports = ReportStore(transaction)
            return (
                try await reports.totals(before: UInt64(Int64.max)),
                try await ChannelStore(transaction).channels(Set(channelIDs)),
                try await transaction.query(Self.chargeRows),
                try await LogStore(transaction).leaves(0..<state.tree.size),
                try await HoldStore(transaction).storage(),
                try await EpochStore(transaction).all(),
                try await reports.openCharges(through: state.chargeCount, before: state.tree.size)
            )
        }
        for (account, total) in totals {
            let balance = try total.balance(of: account)
            if balance > .zero { balances[account] = balance }
        }
        let states = channelIDs.compactMap { stored[$0]?.state }
        channels = states.enumerated().map { place, state in
            Channel(
                place: place, stage: state.stage, deposited: state.deposited, refunded: state.refunded,
                withdrawn: state.withdrawn, lanes: state.lanes)
        }
        storage = held
        self.epochs = epochs.map {
            Epoch(
                number: $0.number, charged: $0.charged, refunded: $0.refunded, captured: $0.captured, held: $0.held,
                postageHeld: $0.postageHeld)
        }
        let places = Dictionary(uniqueKeysWithValues: zip(channelIDs, channelIDs.indices))
        let logged = try leaves.filter { $0.kind == .charge }.map { try Charge(canonicalBytes: $0.body) }
        try #require(rows.count == logged.count, "charges in the table and in the log")
        charges = try zip(rows, logged).map { row, charge in
            Charged(
                number: try row.unsigned("number"), minute: try row.unsigned("accepted_at") / 60,
                previous: try row.unsigned("previous"), channel: try #require(places[try row.hash("channel_id")]),
                lane: UInt32(clamping: try row.unsigned("lane")), envelope: try row.hash("envelope_hash"),
                bytes: charge.bytes, expiryDay: charge.expiryDay, price: charge.price,
                isPostageDecided: try row.bool("is_decided"), isVoided: try row.bool("is_voided"))
        }
        for charge in charges {
            chains[PlannedLane(channel: charge.channel, number: charge.lane), default: []].append(charge.envelope)
        }
        for (charge, logged) in zip(charges, logged) where charge.envelope != logged.envelopeHash {
            Issue.record("charge \(charge.number) is for another envelope in the log")
        }
        let bases = try Amount.sum(open.flatMap { [$0.base ?? .zero, $0.congestion ?? .zero] })
        let conservation = try Balances(totals: totals).conservation()
        #expect(conservation.custody == conservation.liabilities)
        #expect(try balances[.channels] ?? .zero == Amount.sum(states.map { try $0.available }))
        #expect(balances[.held(.base)] ?? .zero == bases)
        #expect(try balances[.held(.storage)] ?? .zero == held.held(after: state.lastMidnight))
        #expect(try balances[.held(.postage)] ?? .zero == Amount.sum(open.map { $0.postage ?? .zero }))
    }

    private static let chargeRows: SQL = """
        SELECT c.number, c.lane, c.previous, c.envelope_hash, c.accepted_at, ch.channel_id, \
        p.decided_index IS NOT NULL AS is_decided, v.charge IS NOT NULL AS is_voided FROM charges AS c \
        JOIN channels AS ch ON ch.number = c.channel LEFT JOIN postage_holds AS p ON p.charge = c.number \
        LEFT JOIN voids AS v ON v.charge = c.number ORDER BY c.number
        """

    /// The same without what the order of acts may decide: which lane's charge has which number, and whether money came
    /// to a channel before its end or went past it to its payer.
    var withoutOrder: Holdings {
        var holdings = self
        holdings.charges = charges.map { charge in
            var charge = charge
            (charge.number, charge.minute, charge.previous) = (0, 0, 0)
            return charge
        }.sorted { ($0.channel, $0.envelope) < ($1.channel, $1.envelope) }
        for place in channels.indices {
            if channels[place].stage == .closed {
                (holdings.channels[place].deposited, holdings.channels[place].withdrawn) = (.zero, .zero)
            }
            for lane in channels[place].lanes.keys { holdings.channels[place].lanes[lane]?.lastCharge = 0 }
        }
        return holdings
    }

    func expectEqual(_ other: Holdings, _ about: Comment) {
        FeesvcTests.expectEqual(Array(balances.keys), Array(other.balances.keys), about)
        for (account, balance) in balances { #expect(balance == other.balances[account], "\(about), \(account)") }
        FeesvcTests.expectEqual(channels, other.channels, about)
        FeesvcTests.expectEqual(charges, other.charges, about)
        #expect(chains == other.chains, about)
        #expect(storage == other.storage, about)
        FeesvcTests.expectEqual(epochs, other.epochs, about)
    }
}

/// Expects the same parts, each of which says where it belongs, and shows those alone that differ.
func expectEqual<Part: Hashable>(_ found: [Part], _ expected: [Part], _ about: Comment) {
    #expect(found.count == expected.count, about)
    #expect(Set(found).subtracting(expected) == Set(expected).subtracting(found), about)
}
