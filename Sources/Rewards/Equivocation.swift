public import Primitives

/// Two results of one epoch, both signed by one operator: nobody who recomputes an epoch signs two. The bytes and the
/// operator's address prove it.
public struct Equivocation: Hashable, Sendable {
    /// One of the two signed results.
    public struct Side: Hashable, Sendable {
        /// What was signed.
        public let attestation: Attestation
        /// The operator's signature.
        public let signature: Signature

        /// Makes a side.
        public init(_ attestation: Attestation, _ signature: Signature) {
            self.attestation = attestation
            self.signature = signature
        }
    }

    /// Who signed both.
    public let operatorAddress: Address
    /// The epoch of both.
    public let epoch: UInt64
    /// The two, ascending by their bytes.
    public let sides: [Side]

    /// Puts two signed results together; `nil` where they are of different epochs, or the same.
    public init?(_ operatorAddress: Address, _ one: Side, _ other: Side) {
        guard one.attestation.epoch == other.attestation.epoch, one.attestation != other.attestation else {
            return nil
        }
        self.operatorAddress = operatorAddress
        epoch = one.attestation.epoch
        sides = [one, other].sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// `tagged "feesvc/equivocation/1"`, see docs/protocol.md §8.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/equivocation/1")
        encoder.append(operatorAddress)
        encoder.append(epoch)
        for side in sides { side.append(to: &encoder) }
        return encoder.bytes
    }

    /// Reads canonical bytes and refuses sides that are alike or not ascending. Whose signatures they are is not checked.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/equivocation/1")
        operatorAddress = try decoder.readAddress()
        let epoch = try decoder.readUInt64()
        let one = try Side(of: epoch, &decoder)
        let other = try Side(of: epoch, &decoder)
        try decoder.finish()
        guard one.attestation != other.attestation, one.bytes.lexicographicallyPrecedes(other.bytes) else {
            throw .outOfRange(field: "sides")
        }
        self.epoch = epoch
        sides = [one, other]
    }

    /// SHA-256 of the canonical bytes.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }

    /// Tells whether the operator signed both.
    public func isGood(in domain: EIP712Domain) -> Bool {
        sides.allSatisfy { $0.signature.isBy(operatorAddress, over: domain.digest(of: $0.attestation)) }
    }
}

extension Equivocation.Side {
    fileprivate init(of epoch: UInt64, _ decoder: inout CanonicalDecoder) throws(CanonicalError) {
        attestation = Attestation(
            epoch: epoch, result: try decoder.readBytes32(), root: try decoder.readBytes32(),
            rewards: try decoder.readAmount(), inputs: try decoder.readBytes32(), ruleset: try decoder.readUInt32())
        signature = try decoder.readSignature()
    }

    fileprivate func append(to encoder: inout CanonicalEncoder) {
        encoder.append(attestation.result)
        encoder.append(attestation.root)
        encoder.append(attestation.rewards)
        encoder.append(attestation.inputs)
        encoder.append(attestation.ruleset)
        encoder.append(signature)
    }

    fileprivate var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        append(to: &encoder)
        return encoder.bytes
    }
}
