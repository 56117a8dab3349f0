public import Primitives

/// `Authorship`: somebody stands for a message in a closed topic.
public struct Authorship: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash(
        "Authorship(bytes32 topic,uint32 expiryDay,bytes32 salt,bytes32 content)")
    /// The topic's id.
    public let topic: Bytes32
    /// The envelope's day of expiry.
    public let expiryDay: UTCDay
    /// The envelope's salt.
    public let salt: Bytes32
    /// SHA-256 of all of the payload but the signature.
    public let content: Bytes32

    /// Makes the statement.
    public init(topic: Bytes32, expiryDay: UTCDay, salt: Bytes32, content: Bytes32) {
        self.topic = topic
        self.expiryDay = expiryDay
        self.salt = salt
        self.content = content
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [topic, Bytes32(integer: UInt128(expiryDay.number)), salt, content] }
}
