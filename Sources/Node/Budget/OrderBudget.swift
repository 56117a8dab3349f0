import Synchronization

/// How many orders to delete that were of no use each peer may bring.
///
/// An order costs a check of a signature, and comes free of charge. Whoever brings one that is new pays nothing, so that nodes heal
/// as fast as they can; one that is forged, or known, costs a token, and a peer whose tokens are gone is not listened to about
/// deletions until new ones come. What is right among it is asked for again by the next comparison of sets: sets become
/// equal later, never different.
final class OrderBudget: Sendable {
    /// The most peers with a budget of their own: several times as many as a network is made for.
    private static let peersMax = 4_096

    private let table: Mutex<BucketTable<UInt32>>
    private let elapsed: @Sendable () -> Duration
    private let overdrawn = Mutex<UInt64>(0)

    init(_ rate: BudgetRate, elapsed: @escaping @Sendable () -> Duration) {
        table = Mutex(BucketTable(rate: rate, capacity: Self.peersMax))
        self.elapsed = elapsed
    }

    /// Whether a peer's orders are left unread for now; they are counted.
    func isSpent(by peer: UInt32, orders: Int) -> Bool {
        let now = elapsed()
        guard orders > 0, table.withLock({ $0.isEmpty(peer, at: now) }) else { return false }
        overdrawn.withLock { $0 += UInt64(orders) }
        return true
    }

    /// Counts orders of a peer that were of no use.
    func charge(_ peer: UInt32, useless: Int) {
        guard useless > 0 else { return }
        let now = elapsed()
        table.withLock { $0.spend(UInt32(clamping: useless), of: peer, at: now) }
    }

    /// Orders that were left unread so far.
    var unread: UInt64 { overdrawn.withLock { $0 } }
}
