import NIOCore
import Synchronization

/// Channels that are not closed yet, at most so many, so that whoever opened them can close what is left.
final class OpenChannels: Sendable {
    private let limit: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a channel in until it closes; `false` where there are too many.
    func insert(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let hasRoom = channels.withLock { channels in
            guard channels.count < limit else { return false }
            channels[id] = channel
            return true
        }
        if hasRoom {
            channel.closeFuture.whenComplete { _ in self.channels.withLock { _ = $0.removeValue(forKey: id) } }
        }
        return hasRoom
    }

    /// Closes what is left.
    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
