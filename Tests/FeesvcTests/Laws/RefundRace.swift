import Channels
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Charges that many want back at once, on every ground that can be shown, while midnights go by, a cut and two edges.
struct RefundRace: RefundScene {
    /// A charge, and who paid it.
    struct Paid {
        let charge: Charge
        let channel: Bytes32
        let place: Int
    }

    /// What was recorded as gone back.
    struct Returned {
        let charge: UInt64
        let part: String
        let ground: UInt64
        let source: String
        let amount: Amount
    }

    /// Something that somebody asks for, of the charge in a place.
    private enum Claim: CaseIterable {
        case welcome, deletion, overcharge, double, outage
    }

    let seed: UInt64
    private(set) var paid: [Paid] = []
    private(set) var returned: [Returned] = []
    /// How often each claim on a charge gave something, by the claim's name and the charge's place.
    private(set) var given: [String: Int] = [:]
    private(set) var asked = 0
    /// What each channel counts as refunded, and what was repaid to it out of pools.
    private(set) var credited: [Bytes32: (refunded: Amount, repaid: Amount)] = [:]
    private(set) var captured = Amount.zero
    /// What is held when everything is over.
    private(set) var held = Amount.zero
    /// What the channel of the bystander, who asked for most of it, has.
    private(set) var bystander = Amount.zero

    static let deposit: Amount = 9_000_000_000
    private static let count = 5

    private init(seed: UInt64) { self.seed = seed }

    private func key(_ place: Int) -> SecretKey { SecretKey(seed: seed, label: "payer/\(place)") }

    /// A message that is stored for twelve days; the last two are one.
    private func message(_ place: Int) -> Envelope {
        Envelope(
            topic: topic.id, expiryDay: UTCDay(number: UTCDay(containing: ServiceFixture.start).number + 12),
            salt: SHA256.hash([UInt8(min(place, Self.count - 2))]), payload: [UInt8](repeating: 1, count: 333))
    }

    static func run(_ seed: UInt64) async throws -> RefundRace {
        var race = RefundRace(seed: seed)
        var random = SplitMix64(seed: seed)
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            await fixture.service.close()
            let dear = try await fixture.withSchedule(base: 41_000_000, storagePerByteDay: 30)
            try await race.pay(dear)
            await dear.service.close()
            let service = try await dear.withSchedule(base: 38_500_000, storagePerByteDay: 22)
            let bystander = try await service.channel(race.other, deposit: deposit)
            let edge = ServiceFixture.start + ServiceFixture.epochLength
            // A second charge is shown before the cut, which decides then, or after it.
            let pairs: [Claim] = seed.isMultiple(of: 2) ? [] : [.double]
            for (time, claims) in [
                (
                    ServiceFixture.start + UInt64.random(in: 100..<UTCDay.seconds, using: &random),
                    [.welcome, .overcharge]
                ),
                (ServiceFixture.start + 2 * UTCDay.seconds + 5, [.outage, .welcome]),
                (edge + 3, [.outage, .overcharge] + pairs), (edge + UTCDay.seconds + 7, [.deletion, .outage] + pairs),
                (edge + 2 * UTCDay.seconds + 1, Claim.allCases),
            ] as [(UInt64, [Claim])] {
                try await race.ask(for: claims, until: time, service, &random)
            }
            try await service.advance(to: ServiceFixture.start + 4 * ServiceFixture.epochLength + UTCDay.seconds)
            try await race.finish(service)
            race.bystander = try await service.available(bystander)
            await service.close()
        }
        return race
    }

    private mutating func pay(_ fixture: ServiceFixture) async throws {
        for place in 0..<Self.count {
            let channel = try await fixture.channel(key(place), deposit: Self.deposit)
            let item = fixture.item(message(place), postage: 1_000_000_000)
            let receipts = try await fixture.pay(
                fixture.voucher([item], channel: channel, key: key(place), sequence: 1, ceiling: 2_000_000_000))
            paid.append(Paid(charge: try #require(receipts.first).charge, channel: channel, place: place))
        }
    }

    /// Everybody asks for everything, twice, in any order, while the clock goes to a time.
    private mutating func ask(
        for claims: [Claim], until time: UInt64, _ fixture: ServiceFixture, _ random: inout SplitMix64
    ) async throws {
        let wanted = (0..<Self.count).flatMap { place in claims.map { (claim: $0, place: place) } }
        let (scene, paid) = (self, paid)
        let answers = try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                try await fixture.advance(to: time)
                return nil
            }
            for (claim, place) in (wanted + wanted).shuffled(using: &random) {
                group.addTask {
                    try await scene.claim(claim, paid[place], first: paid[Self.count - 2], fixture)
                        ? "\(claim) of \(place)" : nil
                }
            }
            return try await group.reduce(into: [String]()) { if let answer = $1 { $0.append(answer) } }
        }
        asked += 2 * wanted.count
        for answer in answers { given[answer, default: 0] += 1 }
    }

    /// Whether a claim gave something now.
    private func claim(_ claim: Claim, _ paid: Paid, first: Paid, _ fixture: ServiceFixture) async throws -> Bool {
        let envelope = message(paid.place)
        let number = paid.charge.number
        do {
            switch claim {
            case .welcome:
                let statement = WelcomeStatement(topic: topic.id, envelopeHash: envelope.hash)
                let welcome = Welcome(
                    head: envelope.head, topic: topic,
                    signature: owner.sign(fixture.service.domain.digest(of: statement)))
                return try await fixture.service.welcome(welcome, charge: number) > .zero
            case .deletion:
                return try await fixture.service.delete(deletion(envelope, fixture), charge: number) > .zero
            case .overcharge: return try await fixture.service.refundOvercharge(of: number).total() > .zero
            case .double:
                guard number > first.charge.number else { return false }
                let pair = DoubleCharge(charge: number, first: first.charge.number)
                return try await fixture.service.refundDouble(pair) != nil
            case .outage:
                let day = UTCDay(number: UTCDay(containing: ServiceFixture.start).number + UInt32(paid.place) + 1)
                return try await declare(day, parts: 400_000_000, by: 1...3, fixture) > .zero
            }
        } catch is Refusal {
            return false
        }
    }

    private mutating func finish(_ fixture: ServiceFixture) async throws {
        let ids = Set(paid.map(\.channel))
        (returned, credited, captured, held) = try await fixture.service.read { transaction in
            let returned = try await transaction.query("SELECT * FROM refunds ORDER BY log_index").map {
                Returned(
                    charge: try $0.unsigned("charge"), part: try $0.text("part"), ground: try $0.unsigned("ground"),
                    source: try $0.text("source"), amount: try $0.amount("amount"))
            }
            var credited: [Bytes32: (refunded: Amount, repaid: Amount)] = [:]
            let rows = try await transaction.query(
                """
                SELECT channel_id, refunded, (SELECT coalesce(sum(r.amount), 0) FROM repayments AS r \
                WHERE r.channel = c.number) AS repaid FROM channels AS c
                """)
            for row in rows where ids.contains(try row.hash("channel_id")) {
                credited[try row.hash("channel_id")] = (try row.amount("refunded"), try row.amount("repaid"))
            }
            let parts = try await EpochStore(transaction).all().map(\.captured)
            let captured = try Amount.sum(parts.flatMap { [$0.base, $0.storage, $0.postage, $0.congestion] })
            let nodes = NodeStore(transaction)
            var held = Amount.zero
            for account in [LedgerAccount.held(.base), .held(.storage), .held(.postage)] {
                held = try held.adding(try await nodes.balance(of: account))
            }
            return (returned, credited, captured, held)
        }
        try await checkBooks(fixture)
    }
}
