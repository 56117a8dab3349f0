public import Primitives

/// `Grant`: the settlement layer confirms money that somebody gives to the open epoch's pool.
public struct Grant: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Grant(uint128 amount,bytes32 reference)")
    /// How much, in ledger units.
    public let amount: Amount
    /// Unique for each movement of money.
    public let reference: Bytes32

    /// Makes the statement.
    public init(amount: Amount, reference: Bytes32) {
        self.amount = amount
        self.reference = reference
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [Bytes32(integer: amount.units), reference] }
}

extension Grant {
    /// The leaf that records it: `tagged "feesvc/grant/1": u128 amount, b32 reference`.
    public var leaf: LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/grant/1")
        encoder.append(amount)
        encoder.append(reference)
        return LeafDraft(.grant, encoder.bytes)
    }

    /// Reads a leaf's body.
    public init(leafBody: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(leafBody, tag: "feesvc/grant/1")
        amount = try decoder.readAmount()
        reference = try decoder.readBytes32()
        try decoder.finish()
    }
}
