import NIOCore
import Synchronization

/// The connection that each proved peer asks over: one, so that a peer can't hold many.
final class ServedPeers: Sendable {
    private struct Connection {
        let channel: any Channel
        var heard: ContinuousClock.Instant
    }

    private let connections = Mutex<[UInt32: Connection]>([:])

    /// Where a peer asks from on an open connection that was heard within `silence`, or `nil` where there is none.
    ///
    /// A process that lives asks every few seconds. What is left of one that died with its host has been silent for longer.
    func place(of peer: UInt32, heardWithin silence: Duration) -> String? {
        guard let connection = connections.withLock({ $0[peer] }), connection.channel.isActive,
            ContinuousClock.now - connection.heard < silence
        else { return nil }
        let address = connection.channel.remoteAddress
        return "\(address?.ipAddress ?? "an unknown address"):\(address?.port ?? 0)"
    }

    /// A peer has proved itself on a connection, which takes the place of an older one.
    func serve(_ peer: UInt32, on channel: any Channel) {
        let connection = Connection(channel: channel, heard: .now)
        connections.withLock { $0.updateValue(connection, forKey: peer) }?.channel.close(promise: nil)
    }

    /// A peer has asked something.
    func heard(_ peer: UInt32) { connections.withLock { $0[peer]?.heard = .now } }

    /// A connection ended.
    func end(_ peer: UInt32, on channel: any Channel) {
        connections.withLock { connections in
            if connections[peer]?.channel === channel { connections[peer] = nil }
        }
    }
}
