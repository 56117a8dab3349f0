public import Channels
public import Primitives

/// A payer's agreement to close: `POST /v1/channels/{id}/close`.
public struct CloseChannelBody: Codable, Sendable {
    /// What the payer agrees was charged.
    public let charged: Amount
    /// Until when the agreement stands.
    public let validUntil: UInt64
    /// The payer's signature on `CloseChannel`.
    public let signature: Signature

    /// Makes the body.
    public init(charged: Amount, validUntil: UInt64, signature: Signature) {
        self.charged = charged
        self.validUntil = validUntil
        self.signature = signature
    }
}

/// The answer to a close.
public struct ChannelClosedBody: Codable, Sendable {
    /// What went to the payer's payable.
    public let returned: Amount

    /// Makes the body.
    public init(returned: Amount) {
        self.returned = returned
    }
}

/// A payer's delegation: `POST /v1/channels/{id}/delegations`. The answer is a ``ChannelBody``.
public struct DelegationBody: Codable, Sendable {
    /// Who may sign.
    public let signer: Address
    /// The lane, or ``Delegation/everyLane``.
    @Count32 public var lane: UInt32
    /// The highest ceiling that it may sign for a lane.
    public let ceiling: Amount
    /// Until when it may sign.
    public let expires: UInt64
    /// One more than the channel's.
    public let nonce: UInt64
    /// The payer's signature on `Delegation`.
    public let signature: Signature

    /// Makes the body.
    public init(_ delegation: Delegation, signature: Signature) {
        signer = delegation.signer
        lane = delegation.lane
        ceiling = delegation.ceiling
        expires = delegation.expires
        nonce = delegation.nonce
        self.signature = signature
    }

    /// The statement for a channel.
    public func statement(for channel: Bytes32) -> Delegation {
        Delegation(
            channelID: channel, signer: signer, lane: lane, ceiling: ceiling, expires: expires, nonce: nonce)
    }
}

/// A payer's revocation: `POST /v1/channels/{id}/revocations`. The answer is a ``ChannelBody``.
public struct RevocationBody: Codable, Sendable {
    /// Who may not sign any more.
    public let signer: Address
    /// One more than the channel's.
    public let nonce: UInt64
    /// The payer's signature on `Revocation`.
    public let signature: Signature

    /// Makes the body.
    public init(_ revocation: Revocation, signature: Signature) {
        signer = revocation.signer
        nonce = revocation.nonce
        self.signature = signature
    }
}

/// A payer's request to close: `POST /v1/channels/{id}/close-requests`.
public struct RequestCloseBody: Codable, Sendable {
    /// Until when it may be handed in.
    public let validUntil: UInt64
    /// The payer's signature on `RequestClose`.
    public let signature: Signature

    /// Makes the body.
    public init(validUntil: UInt64, signature: Signature) {
        self.validUntil = validUntil
        self.signature = signature
    }
}

/// The answer to a request to close.
public struct ChannelClosingBody: Codable, Sendable {
    /// When the channel ends, Unix seconds.
    public let closesAt: UInt64

    /// Makes the body.
    public init(closesAt: UInt64) {
        self.closesAt = closesAt
    }
}

/// A payer's withdrawal: `POST /v1/channels/{id}/withdrawals`.
public struct WithdrawalBody: Codable, Sendable {
    /// What shall have been withdrawn in all.
    public let cumulative: Amount
    /// Until when it may be handed in.
    public let validUntil: UInt64
    /// The payer's signature on `Withdrawal`.
    public let signature: Signature

    /// Makes the body.
    public init(cumulative: Amount, validUntil: UInt64, signature: Signature) {
        self.cumulative = cumulative
        self.validUntil = validUntil
        self.signature = signature
    }
}

/// The answer to a withdrawal.
public struct WithdrawnBody: Codable, Sendable {
    /// What this request moved to the payer's payable: zero where it was done before.
    public let withdrawn: Amount
    /// What was withdrawn in all.
    public let cumulative: Amount

    /// Makes the body.
    public init(withdrawn: Amount, cumulative: Amount) {
        self.withdrawn = withdrawn
        self.cumulative = cumulative
    }
}
