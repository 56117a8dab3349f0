import Channels
import Primitives
import Testing

/// Law L4, as vouchers are here: what a voucher authorises is a ceiling, and what is charged is the price of its messages.
@Suite struct CeilingLawTests {
    private static let price: UInt128 = 100

    /// What arrived at a channel, voucher after voucher.
    private struct Arrivals {
        var channel = TestChannel(deposited: 1_000_000)
        var paid: Set<Bytes32> = []

        init() { channel.schedule = TestChannel.schedule(base: 100, storage: 0) }

        /// The voucher of a place: its messages, under the sum of all prices up to them.
        func voucher(_ place: Int, of plan: [[UInt64]]) -> SignedVoucher {
            let ceiling = price * UInt128(plan[...place].map(\.count).reduce(0, +))
            return channel.voucher(
                plan[place].map { TestChannel.item($0) }, ceiling: Amount(ceiling), sequence: UInt64(place) + 1)
        }

        /// Whether the voucher was taken.
        mutating func take(_ voucher: SignedVoucher) throws -> Bool {
            do throws(VoucherRefusal) {
                let admitted = try channel.admit(voucher, charged: paid)
                guard let lane = admitted.lane else { return true }
                paid.formUnion(admitted.charges.map(\.item.envelopeHash))
                channel.state.lanes[0] = lane
                return true
            } catch {
                guard case .sequence = error else { throw error }
                return false
            }
        }

        var lane: LaneState { channel.state.lanes[0] ?? LaneState() }
    }

    /// What is wrong after vouchers in this order; `nil` where each message that a voucher brought was charged once.
    private static func fault(_ order: [Int], of plan: [[UInt64]]) throws -> String? {
        var arrivals = Arrivals()
        var newest = -1
        var brought: Set<Int> = []
        for place in order {
            let isTaken = try arrivals.take(arrivals.voucher(place, of: plan))
            guard isTaken == (place > newest || brought.contains(place)) else {
                return "voucher \(place + 1) after \(newest + 1) was \(isTaken ? "taken" : "refused")"
            }
            guard isTaken else { continue }
            brought.insert(place)
            newest = max(newest, place)
            let charged = price * UInt128(brought.map { plan[$0].count }.reduce(0, +))
            let ceiling = price * UInt128(plan[...newest].map(\.count).reduce(0, +))
            let expected = LaneState(sequence: UInt64(newest) + 1, ceiling: Amount(ceiling), charged: Amount(charged))
            guard arrivals.lane == expected else { return "\(arrivals.lane) instead of \(expected)" }
        }
        // The last voucher is there: one more for all messages brings the charge to its ceiling, and no further.
        guard newest == plan.count - 1 else { return nil }
        let all = plan.flatMap(\.self)
        let ceiling = Amount(price * UInt128(all.count))
        for sequence in UInt64(plan.count) + 1...UInt64(plan.count) + 2 {
            let voucher = arrivals.channel.voucher(
                all.map { TestChannel.item($0) }, ceiling: ceiling, sequence: sequence)
            guard try arrivals.take(voucher) else { return "the voucher for all was refused" }
            guard arrivals.lane.charged == ceiling, arrivals.lane.ceiling == ceiling else {
                return "\(arrivals.lane) after all of \(ceiling)"
            }
        }
        return nil
    }

    @Test func `L4: vouchers in any order, some lost and some twice, charge each message once, up to the last ceiling`()
        throws
    {
        for seed in UInt64(1)...60 {
            var random = SplitMix64(seed: seed)
            var next: UInt64 = 0
            let plan = (0..<Int.random(in: 2...9, using: &random)).map { _ in
                (0..<Int.random(in: 1...4, using: &random)).map { _ in
                    next += 1
                    return next
                }
            }
            var order = (0..<plan.count * 2).map { _ in Int.random(in: 0..<plan.count, using: &random) }
            order.append(plan.count - 1)
            order.shuffle(using: &random)
            guard try Self.fault(order, of: plan) != nil else { continue }
            let shortest = try shrunk(order) { try Self.fault($0, of: plan) != nil }
            let fault = try Self.fault(shortest, of: plan) ?? ""
            Issue.record("seed \(seed): \(fault) with vouchers \(shortest.map { $0 + 1 })")
        }
    }
}
