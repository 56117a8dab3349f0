public import Channels
public import Primitives

/// An administrative act: `POST /v1/admin/acts`.
public struct AdminActBody: Codable, Sendable {
    /// The act's canonical bytes.
    public let bytes: HexBytes
    /// The admin key's signature on its statement.
    public let signature: Signature
    /// The channel that an act names by a commitment; it is not logged.
    public let channelId: Bytes32?
    /// The salt of that commitment.
    public let salt: Bytes32?

    /// Makes the body.
    public init(_ act: AdminAct, signature: Signature, opening: CommitmentOpening? = nil) {
        bytes = HexBytes(act.canonicalBytes)
        self.signature = signature
        channelId = opening?.channelID
        salt = opening?.salt
    }

    /// What opens the act's commitment, where both parts are given.
    public var opening: CommitmentOpening? {
        guard let channelId, let salt else { return nil }
        return CommitmentOpening(channelID: channelId, salt: salt)
    }
}
