import Channels
import Payer
import Primitives
import Storage

extension FeeService {
    /// Where each unit of a channel's charge is, until when, and how each ground for a refund stands.
    func standing(of number: UInt64, channel: UInt64) async throws -> ChargeStandingBody {
        let (clock, time, midnight) = (genesis.epochs, state.time, state.lastMidnight)
        let unknown = Refusal(404, "charge/unknown", "This channel paid no charge \(number).")
        return try await read { transaction in
            guard let charge = try await HistoryStore(transaction).history(of: number), charge.channel == channel else {
                throw unknown
            }
            let store = RefundStore(transaction)
            let refunds = try await store.refunds(of: number)
            let facts = ChargeFacts(
                epoch: charge.epoch, isCut: charge.cutIndex != nil, isVoid: charge.isVoid,
                postageDue: charge.postageDue, shown: try await store.shownGrounds(for: number),
                given: Set(refunds.map(\.ground)).union(try charge.outageGround(after: midnight)))
            let standing = try charge.history.standing(after: midnight)
            return ChargeStandingBody(
                charge: number, epoch: charge.epoch, time: time,
                parts: try Self.parts(
                    of: standing, charge, cut: clock.deliveryCut(of: charge.epoch), next: midnight.next.start),
                refunds: refunds.map {
                    ChargeStandingBody.Refund(
                        part: $0.part, ground: $0.ground.name, source: $0.source.rawValue, amount: $0.amount,
                        logIndex: $0.logIndex)
                } + (try charge.outageRefunds(after: midnight)),
                grounds: try charge.history.prospects(facts, clock: clock, now: time)
                    .map(ChargeStandingBody.Ground.init))
        }
    }

    private static func parts(
        of standing: ChargeStanding, _ charge: StoredHistory, cut: UInt64, next midnight: UInt64
    ) throws -> [ChargeStandingBody.Part] {
        func line(_ name: String, _ part: ChargeStanding.Part, until: UInt64?) -> ChargeStandingBody.Part {
            ChargeStandingBody.Part(
                part: name, paid: part.paid, held: part.held, heldUntil: part.held > .zero ? until : nil,
                captured: part.captured, returned: part.returned)
        }
        let history = charge.history
        let days = UInt64(history.expiryDay.number - min(history.firstDay.number, history.expiryDay.number))
        let paid = try history.paid.storage.times(days)
        let (held, captured) = (try standing.storage.held(), try standing.storage.captured())
        return [
            line("base", standing.base, until: cut),
            line("congestion", standing.congestion, until: cut),
            ChargeStandingBody.Part(
                part: "storage", paid: paid, held: held, heldUntil: held > .zero ? midnight : nil, captured: captured,
                returned: try paid.subtracting(try held.adding(captured))),
            line("postage", standing.postage, until: charge.postageDue),
        ]
    }
}

extension StoredHistory {
    /// The ground of outages, where one gave something.
    fileprivate func outageGround(after midnight: UTCDay) throws -> Set<RefundGround> {
        try outageRefunds(after: midnight).isEmpty ? [] : [.declaredOutage]
    }

    /// What outages gave of this charge's storage. A channel's charges are rounded down together: this is at most a unit
    /// less than its part of that.
    fileprivate func outageRefunds(after midnight: UTCDay) throws -> [ChargeStandingBody.Refund] {
        try history.outages.compactMap { past in
            guard past.outage.day <= midnight else { return nil }
            let amount = try past.outage.part(of: try history.perDay(past.outage.day, before: past.logIndex))
            guard amount > .zero else { return nil }
            return ChargeStandingBody.Refund(
                part: "storage", ground: RefundGround.declaredOutage.name, source: RefundSource.pool.rawValue,
                amount: amount, logIndex: past.logIndex)
        }
    }
}
