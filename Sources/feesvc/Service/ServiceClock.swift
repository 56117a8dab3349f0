import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// What time it is for the fee service, in Unix seconds. Log time follows it and never goes back.
final class ServiceClock: Sendable {
    /// Tells whether the clock is moved by acts.
    let isManual: Bool
    private let moved: Mutex<UInt64>

    /// The system's clock.
    static let system = ServiceClock(isManual: false, time: 0)

    /// A clock that stands still until it is moved by a signed act: the trace's clock in a replay.
    static func manual(startingAt time: UInt64) -> ServiceClock { ServiceClock(isManual: true, time: time) }

    private init(isManual: Bool, time: UInt64) {
        self.isManual = isManual
        moved = Mutex(time)
    }

    /// The time now.
    var now: UInt64 {
        if isManual { return moved.withLock { $0 } }
        return UInt64(clamping: Glibc.time(nil))
    }

    /// Moves a manual clock forward; it never goes back.
    func move(to time: UInt64) {
        moved.withLock { $0 = max($0, time) }
    }
}
