public import Primitives

/// `OpenChannel`: a payer opens a channel. Its digest is the channel's id.
public struct OpenChannel: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("OpenChannel(address payer,address signer,bytes32 opening)")
    /// Whose money the channel holds.
    public let payer: Address
    /// Whose key signs the channel's vouchers.
    public let signer: Address
    /// 32 random bytes that the payer uses once.
    public let opening: Bytes32

    /// Makes the statement.
    public init(payer: Address, signer: Address, opening: Bytes32) {
        self.payer = payer
        self.signer = signer
        self.opening = opening
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [Bytes32(payer), Bytes32(signer), opening] }

    /// The channel's id in `domain`.
    public func channelID(in domain: EIP712Domain) -> Bytes32 { domain.digest(of: self) }
}

/// `CloseChannel`: a payer agrees to close at what has been charged.
public struct CloseChannel: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("CloseChannel(bytes32 channelId,uint128 charged,uint64 validUntil)")
    /// The channel to close.
    public let channelID: Bytes32
    /// What the payer agrees was charged in all.
    public let charged: Amount
    /// Until when the agreement stands, Unix seconds.
    public let validUntil: UInt64

    /// Makes the statement.
    public init(channelID: Bytes32, charged: Amount, validUntil: UInt64) {
        self.channelID = channelID
        self.charged = charged
        self.validUntil = validUntil
    }

    /// The members as ABI words.
    public var words: [Bytes32] {
        [channelID, Bytes32(integer: charged.units), Bytes32(integer: UInt128(validUntil))]
    }
}

/// `ChannelQuery`: the channel's signer asks for the channel's state.
public struct ChannelQuery: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("ChannelQuery(bytes32 channelId,uint64 time)")
    /// The channel asked for.
    public let channelID: Bytes32
    /// When the question was asked; an answer is given for some minutes after.
    public let time: UInt64

    /// Makes the statement.
    public init(channelID: Bytes32, time: UInt64) {
        self.channelID = channelID
        self.time = time
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [channelID, Bytes32(integer: UInt128(time))] }
}

/// `Deposit`: the settlement layer confirms money for a channel.
public struct Deposit: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Deposit(bytes32 channelId,uint128 amount,bytes32 reference)")
    /// The channel that is credited.
    public let channelID: Bytes32
    /// How much, in ledger units.
    public let amount: Amount
    /// Unique for each movement of money: a second statement with it changes nothing.
    public let reference: Bytes32

    /// Makes the statement.
    public init(channelID: Bytes32, amount: Amount, reference: Bytes32) {
        self.channelID = channelID
        self.amount = amount
        self.reference = reference
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [channelID, Bytes32(integer: amount.units), reference] }
}

/// `StakeDeposit`: the settlement layer confirms an operator's stake.
public struct StakeDeposit: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("StakeDeposit(address operator,uint128 amount,bytes32 reference)")
    /// Who staked.
    public let operatorAddress: Address
    /// How much, in ledger units.
    public let amount: Amount
    /// Unique for each movement of money.
    public let reference: Bytes32

    /// Makes the statement.
    public init(operatorAddress: Address, amount: Amount, reference: Bytes32) {
        self.operatorAddress = operatorAddress
        self.amount = amount
        self.reference = reference
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [Bytes32(operatorAddress), Bytes32(integer: amount.units), reference] }
}

/// `Payout`: the settlement layer confirms that it paid out what was payable to an account.
public struct Payout: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Payout(address account,uint128 amount,bytes32 reference)")
    /// Who was paid.
    public let account: Address
    /// How much, in ledger units: a multiple of the settlement unit.
    public let amount: Amount
    /// Unique for each movement of money.
    public let reference: Bytes32

    /// Makes the statement.
    public init(account: Address, amount: Amount, reference: Bytes32) {
        self.account = account
        self.amount = amount
        self.reference = reference
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [Bytes32(account), Bytes32(integer: amount.units), reference] }
}

/// `AdminAct`: the admin key orders something, by the hash of the act's canonical bytes.
public struct AdminActStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("AdminAct(bytes32 act)")
    /// SHA-256 of ``AdminAct/canonicalBytes``.
    public let act: Bytes32

    /// Makes the statement.
    public init(act: Bytes32) {
        self.act = act
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [act] }
}
