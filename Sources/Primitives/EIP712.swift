/// The domain of typed structured data (EIP-712, "Definition of domainSeparator").
///
/// Every signature of this protocol is over ``digest(of:)`` of one of its structs, so a signature made for one chain,
/// instance or kind of statement is worth nothing for another.
public struct EIP712Domain: Hashable, Sendable {
    /// The protocol's name, `feesvc`.
    public let name: String
    /// The protocol's version, `1`.
    public let version: String
    /// The chain's id as an ABI word (uint256).
    public let chainID: Bytes32
    /// The address that stands for this instance, a contract once settlement is on a chain.
    public let verifyingContract: Address
    /// `hashStruct(eip712Domain)`.
    public let separator: Bytes32

    private static let typeHash = Keccak256.hash(
        Array("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)".utf8))

    /// Makes a domain and its separator.
    public init(name: String = "feesvc", version: String = "1", chainID: Bytes32, verifyingContract: Address) {
        self.name = name
        self.version = version
        self.chainID = chainID
        self.verifyingContract = verifyingContract
        separator = EIP712.hashStruct(
            typeHash: Self.typeHash,
            words: [
                Keccak256.hash(Array(name.utf8)), Keccak256.hash(Array(version.utf8)), chainID,
                Bytes32(verifyingContract),
            ])
    }

    /// keccak256(0x19 0x01 ‖ domainSeparator ‖ structHash), what is signed.
    public func digest(of structHash: Bytes32) -> Bytes32 {
        withUnsafeTemporaryAllocation(byteCount: 66, alignment: 8) { bytes in
            bytes[0] = 0x19
            bytes[1] = 0x01
            separator.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[2..<34]))
            structHash.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[34..<66]))
            return Keccak256.hash(UnsafeRawBufferPointer(bytes))
        }
    }

    /// The digest of a statement of this protocol.
    public func digest(of statement: some TypedStatement) -> Bytes32 {
        digest(of: statement.structHash)
    }
}

/// Hashing of EIP-712 structs whose members are all of static size or hashed already.
public enum EIP712 {
    /// keccak256(typeHash ‖ words).
    public static func hashStruct(typeHash: Bytes32, words: [Bytes32]) -> Bytes32 {
        withUnsafeTemporaryAllocation(byteCount: 32 * (words.count + 1), alignment: 8) { bytes in
            typeHash.write(to: bytes)
            for (place, word) in words.enumerated() {
                word.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[(32 * (place + 1))...]))
            }
            return Keccak256.hash(UnsafeRawBufferPointer(bytes))
        }
    }

    /// keccak256 of an encoded type, `Name(type member,…)`.
    public static func typeHash(_ type: String) -> Bytes32 {
        Keccak256.hash(Array(type.utf8))
    }
}

/// A statement that a key signs: an EIP-712 struct of this protocol.
public protocol TypedStatement: Sendable {
    /// keccak256 of the encoded type; kept in a static by each type.
    static var typeHash: Bytes32 { get }
    /// The members in order, each as an ABI word.
    var words: [Bytes32] { get }
}

extension TypedStatement {
    /// `hashStruct(self)`.
    public var structHash: Bytes32 { EIP712.hashStruct(typeHash: Self.typeHash, words: words) }
}
