public import Primitives

/// `Outage`: an operator vouches that for a part of a day the network did not serve what it stores.
public struct Outage: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Outage(uint32 day,uint32 parts)")
    /// One whole day.
    public static let whole: UInt32 = 1_000_000_000

    /// The UTC day.
    public let day: UTCDay
    /// How much of it, in parts per 10^9: 1 … 10^9.
    public let parts: UInt32

    /// Makes the statement.
    public init(day: UTCDay, parts: UInt32) {
        self.day = day
        self.parts = parts
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [Bytes32(integer: UInt128(day.number)), Bytes32(integer: UInt128(parts))] }

    /// What of a day's storage price of one message is given back, rounded down.
    public func part(of perDay: Amount) throws(AmountError) -> Amount {
        try perDay.scaledRoundingDown(by: UInt128(parts), over: UInt128(Self.whole))
    }
}

/// An outage that operators with more than two thirds of the stake declared.
public struct DeclaredOutage: Hashable, Sendable {
    /// An operator's signature.
    public struct Signer: Hashable, Sendable {
        /// The operator.
        public let operatorAddress: Address
        /// Its signature on the outage.
        public let signature: Signature

        /// Puts them together.
        public init(operatorAddress: Address, signature: Signature) {
            self.operatorAddress = operatorAddress
            self.signature = signature
        }
    }

    /// The most operators that sign one.
    public static let signersMax = 65_536

    /// What they signed.
    public let outage: Outage
    /// Who signed, ascending by operator.
    public let signers: [Signer]

    /// Puts the evidence in its order.
    public init(outage: Outage, signers: [Signer]) {
        self.outage = outage
        self.signers = signers.sorted { $0.operatorAddress < $1.operatorAddress }
    }

    /// `tagged "feesvc/outage/1": u32 day, u32 parts, list<addr operator, sig>`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/outage/1")
        encoder.append(outage.day.number)
        encoder.append(outage.parts)
        encoder.append(list: signers) { encoder, one in
            encoder.append(one.operatorAddress)
            encoder.append(one.signature)
        }
        return encoder.bytes
    }

    /// Reads canonical bytes; operators ascend, none twice.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/outage/1")
        outage = Outage(day: UTCDay(number: try decoder.readUInt32()), parts: try decoder.readUInt32())
        signers = try decoder.readList(limit: Self.signersMax) { decoder throws(CanonicalError) in
            Signer(operatorAddress: try decoder.readAddress(), signature: try decoder.readSignature())
        }
        try decoder.finish()
        guard outage.parts > 0, outage.parts <= Outage.whole else { throw .outOfRange(field: "parts") }
        let addresses = signers.map(\.operatorAddress)
        guard zip(addresses, addresses.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .outOfRange(field: "operators")
        }
    }
}
