import NIOCore
import Synchronization

/// The connection that each proved peer asks over: a newer one takes the place of the older, so that one peer can't
/// hold many.
final class ServedPeers: Sendable {
    private let channels = Mutex<[UInt32: any Channel]>([:])

    /// A peer has proved itself on a connection.
    func serve(_ peer: UInt32, on channel: any Channel) {
        let older = channels.withLock { $0.updateValue(channel, forKey: peer) }
        older?.close(promise: nil)
    }

    /// A connection ended.
    func end(_ peer: UInt32, on channel: any Channel) {
        channels.withLock { channels in
            if channels[peer] === channel { channels[peer] = nil }
        }
    }
}
