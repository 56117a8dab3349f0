public import Primitives

/// What opens a salted commitment to a channel.
public struct CommitmentOpening: Hashable, Sendable {
    /// The channel's id.
    public let channelID: Bytes32
    /// The salt.
    public let salt: Bytes32

    /// Pairs an id with a salt.
    public init(channelID: Bytes32, salt: Bytes32) {
        self.channelID = channelID
        self.salt = salt
    }

    /// The commitment that it opens.
    public var commitment: Bytes32 { Charge.commitment(to: channelID, salt: salt) }
}
