import Channels
import Synchronization

/// Gathers vouchers of many requests into few transactions.
///
/// A request that finds nobody at work takes everything that waits, decides it in one transaction and hands the lead to
/// the first request that came meanwhile. So one commit serves all that arrived during the one before.
final class VoucherPipeline: Sendable {
    /// The most vouchers that are looked at or wait at once; further requests are told to come back.
    static let waitingMax = 8_192
    private static let batchMax = 1_024

    private enum Turn {
        case lead
        case decided([VoucherDecision])
        case failed(any Error)
    }

    private struct Request {
        let vouchers: [RecoveredVoucher]
        let continuation: CheckedContinuation<Turn, Never>
    }

    private struct State {
        var isLed = false
        var waiting: [Request] = []
        /// The vouchers of all requests under way.
        var vouchers = 0
    }

    private let service: FeeService
    private let isGrouping: Bool
    private let state = Mutex(State())

    /// Without grouping every voucher is a transaction of its own.
    init(_ service: FeeService, isGrouping: Bool = true) {
        self.service = service
        self.isGrouping = isGrouping
    }

    /// Runs `body` over a request of `count` vouchers while there is room for them: before their signatures cost anything.
    func withRoom<Value>(for count: Int, _ body: () async throws -> Value) async throws -> Value {
        let hasRoom = state.withLock { state in
            guard state.vouchers + count <= Self.waitingMax else { return false }
            state.vouchers += count
            return true
        }
        guard hasRoom else {
            throw Refusal(429, "service/busy", "Too many vouchers wait; send this one again in a second.")
        }
        defer { state.withLock { $0.vouchers -= count } }
        return try await body()
    }

    /// Decides on the vouchers of one request, in order; called within ``withRoom(for:_:)``.
    func submit(_ vouchers: [RecoveredVoucher]) async throws -> [VoucherDecision] {
        guard !vouchers.isEmpty else { return [] }
        guard isGrouping else {
            var decisions: [VoucherDecision] = []
            for voucher in vouchers { decisions += try await service.accept([voucher]) }
            return decisions
        }
        let turn = await withCheckedContinuation { continuation in
            let leads = state.withLock { state in
                guard state.isLed else {
                    state.isLed = true
                    return true
                }
                state.waiting.append(Request(vouchers: vouchers, continuation: continuation))
                return false
            }
            if leads { continuation.resume(returning: .lead) }
        }
        switch turn {
        case .lead: return try await lead(with: vouchers)
        case .decided(let decisions): return decisions
        case .failed(let error): throw error
        }
    }

    private func lead(with own: [RecoveredVoucher]) async throws -> [VoucherDecision] {
        let others = state.withLock { state in
            var count = own.count
            let taken = state.waiting.prefix { request in
                count += request.vouchers.count
                return count <= Self.batchMax
            }
            state.waiting.removeFirst(taken.count)
            return Array(taken)
        }
        let batch = own + others.flatMap(\.vouchers)
        defer { handOver() }
        do {
            let decisions = try await service.accept(batch)
            var place = own.count
            for request in others {
                request.continuation.resume(
                    returning: .decided(Array(decisions[place..<place + request.vouchers.count])))
                place += request.vouchers.count
            }
            return Array(decisions[..<own.count])
        } catch {
            for request in others { request.continuation.resume(returning: .failed(error)) }
            throw error
        }
    }

    private func handOver() {
        let next = state.withLock { state -> Request? in
            guard !state.waiting.isEmpty else {
                state.isLed = false
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.continuation.resume(returning: .lead)
    }
}
