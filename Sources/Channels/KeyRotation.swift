public import Primitives

/// A key of the service that the genesis names and an act can replace. The numbers are those of docs/protocol.md §2.
public enum KeyRole: UInt8, Hashable, Sendable, CaseIterable {
    /// Signs heads of the log.
    case log = 1
    /// Confirms money that came or went.
    case settlement = 2
    /// Signs administrative acts.
    case admin = 3

    /// The role's name in reports and on the command line.
    public var name: String {
        switch self {
        case .log: "log"
        case .settlement: "settlement"
        case .admin: "admin"
        }
    }
}

/// `KeyRotation`: the holder of a new key takes a role over by the act with this nonce.
public struct KeyRotationStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("KeyRotation(uint8 role,address key,uint64 nonce)")
    /// The role's number.
    public let role: UInt8
    /// The new key.
    public let key: Address
    /// The nonce of the act that orders it.
    public let nonce: UInt64

    /// Makes the statement.
    public init(role: UInt8, key: Address, nonce: UInt64) {
        self.role = role
        self.key = key
        self.nonce = nonce
    }

    /// The members as ABI words.
    public var words: [Bytes32] {
        [Bytes32(integer: UInt128(role)), Bytes32(key), Bytes32(integer: UInt128(nonce))]
    }
}

/// A role's new key: body of the order `rotate`.
public struct KeyRotation: Hashable, Sendable {
    /// Which key is replaced.
    public let role: KeyRole
    /// The new key.
    public let key: Address
    /// The new key's own signature on ``statement(nonce:)``: nobody rotates to a key that nobody holds.
    public let proof: Signature

    /// Makes a rotation; ``KeyHistory/follow(_:)`` checks it.
    public init(role: KeyRole, key: Address, proof: Signature) {
        self.role = role
        self.key = key
        self.proof = proof
    }

    /// What the new key signs.
    public func statement(nonce: UInt64) -> KeyRotationStatement {
        KeyRotationStatement(role: role.rawValue, key: key, nonce: nonce)
    }

    /// `tagged "feesvc/rotation/1": u8 role, addr key, sig proof`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/rotation/1")
        encoder.append(role.rawValue)
        encoder.append(key)
        encoder.append(proof)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/rotation/1")
        guard let role = KeyRole(rawValue: try decoder.readUInt8()) else { throw .outOfRange(field: "role") }
        self.role = role
        key = try decoder.readAddress()
        proof = try decoder.readSignature()
        try decoder.finish()
    }
}
