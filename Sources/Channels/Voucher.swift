public import Primitives

/// A payer's order: exactly these items, at no more than a ceiling for the lane.
public struct Voucher: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash(
        "Voucher(bytes32 channelId,uint32 lane,uint64 sequence,uint128 cumulativeAmount,uint64 validUntil,bytes32 itemsHash)"
    )

    /// The channel that pays.
    public let channelID: Bytes32
    /// The lane within the channel, 0 … 63.
    public let lane: UInt32
    /// Higher than that of every voucher accepted on the lane before.
    public let sequence: UInt64
    /// The ceiling: the most that all vouchers of the lane together may be charged.
    public let cumulativeAmount: Amount
    /// Until when the service may still prove the voucher to the settlement, Unix seconds.
    public let validUntil: UInt64
    /// ``Item/hash(of:)`` of the items.
    public let itemsHash: Bytes32

    /// Makes a voucher.
    public init(
        channelID: Bytes32, lane: UInt32, sequence: UInt64, cumulativeAmount: Amount, validUntil: UInt64,
        itemsHash: Bytes32
    ) {
        self.channelID = channelID
        self.lane = lane
        self.sequence = sequence
        self.cumulativeAmount = cumulativeAmount
        self.validUntil = validUntil
        self.itemsHash = itemsHash
    }

    /// The members as ABI words.
    public var words: [Bytes32] {
        [
            channelID, Bytes32(integer: UInt128(lane)), Bytes32(integer: UInt128(sequence)),
            Bytes32(integer: cumulativeAmount.units), Bytes32(integer: UInt128(validUntil)), itemsHash,
        ]
    }
}
