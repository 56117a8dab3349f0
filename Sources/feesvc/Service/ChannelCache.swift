import Channels
import Primitives
import Storage
import Synchronization

/// Channels as the last commit left them, so that vouchers are judged without asking the database.
///
/// Only the writer fills it, with what it has just committed or read under the lock of its session, and makes it forget
/// what an act changes. So a channel that is found here is as the database has it, and one that is not may still exist.
final class ChannelCache: Sendable {
    /// The most channels kept; of more, some are forgotten.
    private static let countMax = 262_144

    private let known = Mutex<[Bytes32: StoredChannel]>([:])

    /// How many are read at a service's start, in time that nobody waits long for.
    static let startCount = 131_072

    /// Those of `ids` that are kept.
    func channels(_ ids: some Sequence<Bytes32>) -> [Bytes32: StoredChannel] {
        known.withLock { known in
            ids.reduce(into: [:]) { found, id in
                if found[id] == nil, let channel = known[id] { found[id] = channel }
            }
        }
    }

    /// Keeps channels as they are after a commit.
    func keep(_ channels: some Sequence<StoredChannel>) {
        known.withLock { known in
            for channel in channels { known[channel.state.id] = channel }
            guard known.count > Self.countMax else { return }
            // Any will do: those that are still used come back with their next voucher.
            for id in known.keys.prefix(Self.countMax / 8) { known[id] = nil }
        }
    }

    /// Forgets channels that an act changes.
    func forget(_ ids: some Sequence<Bytes32>) {
        known.withLock { known in
            for id in ids { known[id] = nil }
        }
    }

    /// Forgets everything: the database may have gone another way.
    func forgetAll() {
        known.withLock { $0 = [:] }
    }
}
