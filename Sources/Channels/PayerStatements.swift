public import Primitives

/// `Delegation`: a payer lets a key sign for a channel.
public struct Delegation: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash(
        "Delegation(bytes32 channelId,address signer,uint32 lane,uint128 ceiling,uint64 expires,uint64 nonce)")
    /// The lane that stands for every lane.
    public static let everyLane = UInt32.max

    /// The channel.
    public let channelID: Bytes32
    /// Who may sign.
    public let signer: Address
    /// The lane that it may pay from, or ``everyLane``.
    public let lane: UInt32
    /// The highest ceiling that it may sign for a lane.
    public let ceiling: Amount
    /// Until when it may sign, Unix seconds.
    public let expires: UInt64
    /// One more than that of the channel's last delegation or revocation; the first is 1.
    public let nonce: UInt64

    /// Makes the statement.
    public init(channelID: Bytes32, signer: Address, lane: UInt32, ceiling: Amount, expires: UInt64, nonce: UInt64) {
        self.channelID = channelID
        self.signer = signer
        self.lane = lane
        self.ceiling = ceiling
        self.expires = expires
        self.nonce = nonce
    }

    /// The members as ABI words.
    public var words: [Bytes32] {
        [
            channelID, Bytes32(signer), Bytes32(integer: UInt128(lane)), Bytes32(integer: ceiling.units),
            Bytes32(integer: UInt128(expires)), Bytes32(integer: UInt128(nonce)),
        ]
    }

    /// What it lets the signer do.
    public var authority: SignerAuthority {
        SignerAuthority(lane: lane == Self.everyLane ? nil : lane, ceiling: ceiling, expires: expires)
    }
}

/// `Revocation`: a payer takes a key's authority away.
public struct Revocation: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Revocation(bytes32 channelId,address signer,uint64 nonce)")

    /// The channel.
    public let channelID: Bytes32
    /// Who may not sign any more.
    public let signer: Address
    /// One more than that of the channel's last delegation or revocation; the first is 1.
    public let nonce: UInt64

    /// Makes the statement.
    public init(channelID: Bytes32, signer: Address, nonce: UInt64) {
        self.channelID = channelID
        self.signer = signer
        self.nonce = nonce
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [channelID, Bytes32(signer), Bytes32(integer: UInt128(nonce))] }
}

/// `RequestClose`: a payer ends a channel without the service's help.
public struct RequestClose: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("RequestClose(bytes32 channelId,uint64 validUntil)")

    /// The channel to close.
    public let channelID: Bytes32
    /// Until when the request may be handed in, Unix seconds.
    public let validUntil: UInt64

    /// Makes the statement.
    public init(channelID: Bytes32, validUntil: UInt64) {
        self.channelID = channelID
        self.validUntil = validUntil
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [channelID, Bytes32(integer: UInt128(validUntil))] }
}

/// `Withdrawal`: a payer takes money out of a channel.
public struct Withdrawal: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Withdrawal(bytes32 channelId,uint128 cumulative,uint64 validUntil)")

    /// The channel.
    public let channelID: Bytes32
    /// What shall have been withdrawn in all, in ledger units: the same statement twice takes nothing twice.
    public let cumulative: Amount
    /// Until when the statement may be handed in, Unix seconds.
    public let validUntil: UInt64

    /// Makes the statement.
    public init(channelID: Bytes32, cumulative: Amount, validUntil: UInt64) {
        self.channelID = channelID
        self.cumulative = cumulative
        self.validUntil = validUntil
    }

    /// The members as ABI words.
    public var words: [Bytes32] {
        [channelID, Bytes32(integer: cumulative.units), Bytes32(integer: UInt128(validUntil))]
    }
}
