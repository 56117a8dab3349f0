import Node
import Synchronization

/// What each client may ask for in a time.
final class ClientBudget: Sendable {
    /// The most clients with a bucket of their own; beyond, those who come new share one.
    private static let clientsMax = 65_536

    private let table: Mutex<BucketTable<HTTPClientName>>
    private let start = ContinuousClock.now
    private let what: String
    private let refusals = Mutex<UInt64>(0)

    /// `what` names in the plural what is counted, for who is refused.
    init(_ rate: BudgetRate, of what: String) {
        table = Mutex(BucketTable(rate: rate, capacity: Self.clientsMax))
        self.what = what
    }

    /// Takes `count` from the budget of who asks in this task, before any work is done for it.
    func take(_ count: Int = 1) throws(Refusal) {
        let now = ContinuousClock.now - start
        let client = HTTPClientName.current
        guard let wait = table.withLock({ $0.take(UInt32(clamping: count), of: client, at: now) }) else { return }
        refusals.withLock { $0 += 1 }
        let seconds = UInt64(max(0, wait.components.seconds)) + 1
        throw Refusal(
            429, "client/budget", "This address sends more \(what) than one may: again in \(seconds) s.",
            retryAfter: seconds)
    }

    /// How many requests were refused.
    var refused: UInt64 { refusals.withLock { $0 } }
}

/// The budgets of a node's clients.
struct NodeClientBudgets: Sendable {
    /// Envelopes, and each further 16 KiB of an envelope.
    let envelopes: ClientBudget
    /// Orders to delete, which cost their sender nothing.
    let orders: ClientBudget

    /// What a node runs with where nothing else is said.
    static let envelopeRate = BudgetRate(perSecond: 1_000, burst: 20_000)
    static let orderRate = BudgetRate(perSecond: 10, burst: 1_000)

    init(envelopes: BudgetRate = envelopeRate, orders: BudgetRate = orderRate) {
        self.envelopes = ClientBudget(envelopes, of: "envelopes")
        self.orders = ClientBudget(orders, of: "orders to delete")
    }

    /// What an envelope with a payload of some bytes takes.
    static func cost(ofPayload bytes: Int) -> Int { 1 + bytes / 16_384 }

    /// Requests that were refused.
    var refused: UInt64 { envelopes.refused + orders.refused }
}
