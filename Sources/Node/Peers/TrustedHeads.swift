import Channels
import Primitives
import Synchronization

/// Heads whose signature was found good: many receipts share one.
final class TrustedHeads: Sendable {
    private let logKey: Address
    private let domain: EIP712Domain
    private let checked: Mutex<RecentSet<SignedHead>>

    init(logKey: Address, domain: EIP712Domain, limit: Int) {
        self.logKey = logKey
        self.domain = domain
        checked = Mutex(RecentSet(limit: limit))
    }

    /// Whether the log key signed a head. Only good ones are remembered, so nobody can fill the memory.
    func isTrusted(_ head: SignedHead) -> Bool {
        if checked.withLock({ $0.contains(head) }) { return true }
        guard head.isBy(logKey, in: domain) else { return false }
        checked.withLock { $0.insert(head) }
        return true
    }
}
