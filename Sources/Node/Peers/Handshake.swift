import NIOCore
import Primitives

/// Proof of both ends' keys over a connection, and what a stranger is told instead.
struct Handshake: Sendable {
    let number: UInt32
    let key: SecretKey
    let domain: EIP712Domain
    let logID: Bytes32
    let registry: Registry

    /// The asking end: proves itself and checks that `peer` holds its registered key.
    func ask(_ session: PeerSession) async throws {
        let peer = session.peer
        guard let peerKey = registry.key(of: peer) else { throw PeerFailure.unregistered }
        let nonce = PeerNonce.asking()
        guard case .hello(let node, let challenge, let proof) = try await session.ask(.hello(hello(nonce))) else {
            throw PeerFailure.unexpected(type: 129)
        }
        let statement = PeerProof(challenge: nonce, prover: peer, verifier: number)
        guard PeerNonce.isAnswering(challenge) else { throw PeerFailure.unexpected(type: 129) }
        guard node == peer, proof.isBy(peerKey, over: domain.digest(of: statement)) else {
            throw PeerFailure.identity(expected: peer, found: node)
        }
        let own = PeerProof(challenge: challenge, prover: number, verifier: peer)
        _ = try await session.ask(.proof(key.sign(domain.digest(of: own))))
    }

    func hello(_ nonce: Bytes32) -> PeerQuestion.Hello {
        PeerQuestion.Hello(
            version: PeerQuestion.Hello.versionNow,
            domainSeparator: domain.separator,
            logID: logID,
            node: number,
            nonce: nonce
        )
    }

    /// Refuses another version of the protocol by the first two bytes of its hello, whatever that version has after them.
    func checkVersion(_ frame: PeerFrame) throws(PeerRefusal) {
        var reader = WireReader(frame.body)
        guard frame.type == PeerQuestion.Hello.type, let version = try? reader.uint16() else { return }
        guard version == PeerQuestion.Hello.versionNow else {
            throw PeerRefusal(code: .version, text: "this node speaks version \(PeerQuestion.Hello.versionNow)")
        }
    }

    /// The answering end, first step: checks who says to ask. Another process with this node's key gets its proof too, so
    /// that it learns that this one lives.
    func answer(_ hello: PeerQuestion.Hello, nonce: Bytes32) throws(PeerRefusal) -> PeerAnswer {
        guard hello.domainSeparator == domain.separator, hello.logID == logID else {
            throw PeerRefusal(code: .otherNetwork, text: "this node follows another log")
        }
        guard hello.node == number || registry.key(of: hello.node) != nil else {
            throw PeerRefusal(code: .unregistered, text: "the asking node is not in the registry of this node")
        }
        guard !PeerNonce.isAnswering(hello.nonce) else {
            throw PeerRefusal(code: .malformed, text: "an asking node's nonce begins with a 0 bit")
        }
        let statement = PeerProof(challenge: hello.nonce, prover: number, verifier: hello.node)
        return .hello(node: number, nonce: nonce, proof: key.sign(domain.digest(of: statement)))
    }

    /// The answering end, second step: checks that it holds its registered key.
    func check(_ proof: Signature, of node: UInt32, nonce: Bytes32) throws(PeerRefusal) {
        guard node != number else { throw PeerRefusal(code: .twin, text: "this is the asking node itself") }
        let statement = PeerProof(challenge: nonce, prover: node, verifier: number)
        guard let nodeKey = registry.key(of: node), proof.isBy(nodeKey, over: domain.digest(of: statement)) else {
            throw PeerRefusal(code: .proof, text: "the proof is not by the registered key")
        }
    }
}

/// Nonces of the two ends: the asking one's begins with a 0 bit, the answering one's with a 1.
///
/// Both ends sign the same kind of statement, and the answering one signs first: were the nonces alike, whoever answers
/// could be made to sign the proof with which somebody else asks in its name.
enum PeerNonce {
    static func asking() -> Bytes32 { withFirstBit(0) }
    static func answering() -> Bytes32 { withFirstBit(0x80) }

    /// Tells whether a nonce is of the answering end.
    static func isAnswering(_ nonce: Bytes32) -> Bool { nonce.prefix >> 63 == 1 }

    private static func withFirstBit(_ bit: UInt8) -> Bytes32 {
        var bytes = Bytes32.random().bytes
        bytes[0] = bytes[0] & 0x7f | bit
        guard let nonce = Bytes32(bytes) else { preconditionFailure("32 bytes make a nonce") }
        return nonce
    }
}
