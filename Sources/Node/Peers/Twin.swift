import Logging
import Primitives

// A twin is another process that runs with this node's key, as from a copied data directory. Two of them sign two events on one
// sequence, which is evidence against the node.

extension PeerRefusal.Code {
    /// The asking node is served on another connection, or asks itself.
    static let twin = PeerRefusal.Code(rawValue: 8)
}

extension Handshake {
    /// Whether the other end proves this node's own key. Nothing else that it says is believed.
    func meetsTwin(_ session: PeerSession) async throws -> Bool {
        let nonce = PeerNonce.asking()
        guard case .hello(number, let challenge, let proof) = try await session.ask(.hello(hello(nonce))) else {
            return false
        }
        let statement = PeerProof(challenge: nonce, prover: number, verifier: number)
        return PeerNonce.isAnswering(challenge) && proof.isBy(key.address, over: domain.digest(of: statement))
    }
}

extension ReplicationNode {
    /// Throws where a process answers at `endpoint`, this node's registered peer address, and proves this node's key.
    ///
    /// To be asked before ``bind()``: afterwards the node itself may answer there. Whoever can't be reached within the time
    /// of a handshake is not there.
    public func refuseTwin(at endpoint: String) async throws(NodeError) {
        let found = Flag()
        let limits = core.limits
        try? await withDeadline(limits.handshakeTimeout) { [core] in
            try await PeerConnection.run(to: endpoint, peer: core.number, limits: limits) { session in
                if try await core.handshake.meetsTwin(session) { found.set() }
            }
        }
        if found.isSet { throw .keyInUse(node: core.number, place: "it answers at \(endpoint)") }
    }
}

/// What peers say of a twin.
///
/// A peer's word is no proof: one that lies must not stop a node. So it is doubted whether this process is alone only while at
/// least half of the peers that answered last say that they serve another.
struct TwinDoubt {
    private var serving: Set<UInt32> = []
    private var telling: [UInt32: String] = [:]
    /// Since when there is doubt; `nil` where there is none.
    private(set) var since: ContinuousClock.Instant?

    /// What one of the peers says.
    var place: String { telling.min { $0.key < $1.key }.map { "node \($0.key) says: \($0.value)" } ?? "" }

    /// A peer serves this process.
    mutating func isServed(by peer: UInt32, now: ContinuousClock.Instant) {
        telling[peer] = nil
        serving.insert(peer)
        judge(now)
    }

    /// A connection to a peer ended, or was not made; tells whether that raised the doubt.
    mutating func ended(with peer: UInt32, _ failure: any Error, now: ContinuousClock.Instant) -> Bool {
        serving.remove(peer)
        telling[peer] = nil
        if case .refused(let refusal) = failure as? PeerFailure, refusal.code == .twin {
            telling[peer] = String(
                String.UnicodeScalarView(refusal.text.unicodeScalars.filter { (" "..."~").contains($0) }))
        }
        let before = since
        judge(now)
        return before == nil && since != nil
    }

    private mutating func judge(_ now: ContinuousClock.Instant) {
        let isDoubted = !telling.isEmpty && telling.count >= serving.count
        since = isDoubted ? since ?? now : nil
    }
}
