import Primitives

/// `PeerProof`: a node proves to one other node that it holds its key.
struct PeerProof: TypedStatement, Hashable {
    static let typeHash = EIP712.typeHash("PeerProof(bytes32 challenge,uint32 prover,uint32 verifier)")
    /// What the verifier chose.
    let challenge: Bytes32
    let prover: UInt32
    let verifier: UInt32

    var words: [Bytes32] {
        [challenge, Bytes32(integer: UInt128(prover)), Bytes32(integer: UInt128(verifier))]
    }
}

extension Bytes32 {
    /// Thirty-two bytes that nobody can guess.
    static func random() -> Bytes32 {
        var generator = SystemRandomNumberGenerator()
        var writer = WireWriter()
        for _ in 0..<4 { writer.append(generator.next() as UInt64) }
        guard let value = Bytes32(writer.bytes) else { preconditionFailure("four words are 32 bytes") }
        return value
    }
}
