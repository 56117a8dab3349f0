import Channels
import Payer
import Primitives

@testable import feesvc

extension AuditInput {
    /// A first epoch: four nodes, a message with postage, a midnight, a welcome, the edge.
    static func sample() throws -> AuditInput {
        var input = AuditInput()
        let schedule = try FeeSchedule(canonicalBytes: try Seeds.form("body 2 schedule"))
        let charge = try input.charge(number: 1, at: input.start + 100, schedule)
        let midnight = UTCDay(containing: input.start).next
        let perDay = try charge.storagePerDay(acceptedAt: input.start + 100)
        let welcome = PostageDecision(
            charge: 1, outcome: .welcomed, amount: schedule.postage, evidence: SHA256.hash(try Seeds.form("welcome")))
        input.log =
            [
                Leaf(time: input.start, kind: .genesis, body: try input.genesis.canonicalBytes),
                Leaf(time: input.start, kind: .schedule, body: schedule.canonicalBytes),
            ]
            + (try (1...4).map { Leaf(time: input.start, kind: .node, body: try Seeds.form("body 6 node \($0)")) })
            + [
                Leaf(time: input.start + 100, kind: .charge, body: charge.canonicalBytes),
                Leaf(
                    time: midnight.start, kind: .midnight,
                    body: Midnight(day: midnight, captured: perDay).canonicalBytes),
                Leaf(time: midnight.start + 100, kind: .postage, body: welcome.canonicalBytes),
            ] + (try input.end)
        input.seal = [try observation, Leaf(time: 0, kind: .result, body: try Seeds.form("body 13 result"))]
        return input
    }

    /// A second epoch: a charge of the first is voided, another captured, and its postage too.
    static func laterSample() throws -> AuditInput {
        var input = try sample()
        let first = input.epoch
        input.log = []
        input.epoch = first + 1
        input.size = 9
        input.frontier = [.zero, Bytes32(integer: 1)]
        input.chargeCount = 2
        input.schedules = [try Seeds.form("body 2 schedule")]
        input.nodes = try (1...4).map {
            .init(node: .init(try Seeds.form("body 6 node \($0)")), registeredAt: input.start, cumulative: 5)
        }
        let due = input.start + 604_900
        input.charges = (1...2).map {
            .init(
                charge: $0, epoch: first, base: 38_500_000, congestion: 250, expiryDay: 20_514, storagePerDay: 22_528,
                postage: 5_000_000,
                postageDue: due)
        }
        input.storage = [.init(expiryDay: 20_514, daily: 45_056)]
        let clock = try input.genesis.epochs
        let storage = try Amount(22_528).times(UInt64(20_514 - input.lastMidnight))
        let void = VoidedCharge(
            charge: 2, ground: .undelivered, base: 38_500_250, storage: storage, postage: 5_000_000, evidence: .zero)
        let cut = Cut(epoch: first, base: 38_500_000, congestion: 250, charges: 1, voided: 1)
        let postage = PostageDecision(charge: 1, outcome: .captured, amount: 5_000_000, evidence: .zero)
        input.log =
            [
                Leaf(time: due, kind: .postage, body: postage.canonicalBytes),
                Leaf(time: due, kind: .attestation, body: try Seeds.form("body 14 attestation by operator 1")),
                Leaf(time: due, kind: .result, body: try Seeds.form("body 13 result")),
                Leaf(time: due, kind: .void, body: void.canonicalBytes),
                Leaf(time: clock.deliveryCut(of: first), kind: .cut, body: cut.canonicalBytes),
            ] + (try input.end)
        return input
    }

    /// A first epoch that lost two charges after the first, of which one came back after a midnight.
    static func rolledBackSample() throws -> AuditInput {
        var input = try sample()
        let schedule = try FeeSchedule(canonicalBytes: try Seeds.form("body 2 schedule"))
        let accepted = input.start + 200
        let head = LogHead(logID: .zero, size: 9, root: .zero, time: accepted + 60, epoch: 1)
        let lost = LostLog.signed(head, in: try input.genesis.domain)
        let act = AdminAct(.rollback(Rollback(lost: lost, charges: 1, time: accepted + 120)), nonce: 1)
        let restored = RestoredCharge(
            index: 8, time: accepted, charge: try input.charge(number: 3, at: accepted, schedule))
        let midnight = UTCDay(containing: input.start).next.start
        input.log.insert(
            Leaf(
                time: input.start + 100, kind: .act,
                body: LogBody.signed(.act, act.canonicalBytes, lost.signature).body), at: 7)
        input.log.insert(Leaf(time: midnight + 50, kind: .restored, body: restored.canonicalBytes), at: 9)
        return input
    }

    private func charge(number: UInt64, at time: UInt64, _ schedule: FeeSchedule) throws -> Charge {
        let expiry = UTCDay(number: UTCDay(containing: time).number + 60)
        let item = Item(
            envelopeHash: Bytes32(integer: 7), bytes: 1_024, expiryDay: expiry, postage: schedule.postage, maxFee: .max)
        return Charge(
            number: number, epoch: epoch, commitment: .zero, envelopeHash: item.envelopeHash, bytes: item.bytes,
            expiryDay: expiry, schedule: schedule.version,
            price: try schedule.price(item, acceptedAt: time, congestion: 0),
            publishBy: try genesis.epochs.publishBy(acceptedAt: time))
    }

    /// What the epoch ends with.
    private var end: [Leaf] {
        get throws {
            let time = try genesis.epochs.edge(of: epoch)
            return [LogBody.books(epoch: epoch, entry: 3, hash: .zero), LogBody.edge(epoch: epoch, time: time)].map {
                Leaf(time: time, kind: $0.kind, body: $0.body)
            }
        }
    }

    private static var observation: Leaf {
        get throws { Leaf(time: 0, kind: .observation, body: try Seeds.form("body 12 observation")) }
    }
}
