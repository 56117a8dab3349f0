public import Channels
import Synchronization

/// The keys and rollbacks of a log as far as somebody has been shown them. It only learns more.
public final class KeyBook: Sendable {
    private let state: Mutex<KeyHistory>

    /// Starts with what is known.
    public init(_ keys: KeyHistory) {
        state = Mutex(keys)
    }

    /// What is known.
    public var keys: KeyHistory { state.withLock { $0 } }

    /// Takes in a longer history; one that is shorter, or not the same from the beginning, changes nothing.
    public func learn(_ keys: KeyHistory) {
        state.withLock { known in
            if keys.continues(known) { known = keys }
        }
    }
}
