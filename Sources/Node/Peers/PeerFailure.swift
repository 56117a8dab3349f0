/// Why a peer gave no good answer.
enum PeerFailure: Error, Hashable, Sendable {
    /// The connection ended.
    case closed
    /// No answer came in time.
    case timeout
    /// Too many questions are open.
    case busy
    /// The peer refused.
    case refused(PeerRefusal)
    /// The answer is not one to the question.
    case unexpected(type: UInt8)
    /// The answer is malformed.
    case malformed(FrameError)
    /// Another node answers at the peer's address, or it does not hold the registered key.
    case identity(expected: UInt32, found: UInt32)
    /// The peer is not in the registry any more.
    case unregistered
    /// Its address in the registry is not `host:port`.
    case endpoint
}
