public import Primitives

/// Bodies of the smaller leaf kinds, each written and read in one place.
public enum LogBody {
    /// A deposit: `tagged "feesvc/deposit/1": b32 commitment, u128 amount, b32 reference`.
    public static func deposit(commitment: Bytes32, amount: Amount, reference: Bytes32) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/deposit/1")
        encoder.append(commitment)
        encoder.append(amount)
        encoder.append(reference)
        return LeafDraft(.deposit, encoder.bytes)
    }

    /// An operator's stake: `tagged "feesvc/stake/1": addr operator, u128 amount, b32 reference`.
    public static func stake(operatorAddress: Address, amount: Amount, reference: Bytes32) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/stake/1")
        encoder.append(operatorAddress)
        encoder.append(amount)
        encoder.append(reference)
        return LeafDraft(.stake, encoder.bytes)
    }

    /// An epoch's end: `tagged "feesvc/edge/1": u64 epoch, u64 time`.
    public static func edge(epoch: UInt64, time: UInt64) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/edge/1")
        encoder.append(epoch)
        encoder.append(time)
        return LeafDraft(.edge, encoder.bytes)
    }

    /// Where the journal ends before the edge of an epoch: `tagged "feesvc/books/1": u64 epoch, u64 entry, b32 hash`.
    public static func books(epoch: UInt64, entry: UInt64, hash: Bytes32) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/books/1")
        encoder.append(epoch)
        encoder.append(entry)
        encoder.append(hash)
        return LeafDraft(.books, encoder.bytes)
    }

    /// Reads where the journal ended.
    public static func readBooks(
        _ body: [UInt8]
    ) throws(CanonicalError) -> (epoch: UInt64, entry: UInt64, hash: Bytes32) {
        var decoder = try CanonicalDecoder(body, tag: "feesvc/books/1")
        let epoch = try decoder.readUInt64()
        let entry = try decoder.readUInt64()
        let hash = try decoder.readBytes32()
        try decoder.finish()
        return (epoch, entry, hash)
    }

    /// Signed bytes of a node or the admin: `tagged "feesvc/signed/1": bytes, sig`.
    public static func signed(_ kind: LeafKind, _ bytes: [UInt8], _ signature: Signature) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/signed/1")
        encoder.append(bytes)
        encoder.append(signature)
        return LeafDraft(kind, encoder.bytes)
    }

    /// Reads signed bytes.
    public static func readSigned(_ body: [UInt8]) throws(CanonicalError) -> ([UInt8], Signature) {
        var decoder = try CanonicalDecoder(body, tag: "feesvc/signed/1")
        let bytes = try decoder.readBytes(limit: LogLeaf.bodyBytesMax)
        let signature = try decoder.readSignature()
        try decoder.finish()
        return (bytes, signature)
    }

    /// An operator's signature on a result: `tagged "feesvc/attestation/1": u64 epoch, addr operator, sig`.
    public static func attestation(epoch: UInt64, operatorAddress: Address, signature: Signature) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/attestation/1")
        encoder.append(epoch)
        encoder.append(operatorAddress)
        encoder.append(signature)
        return LeafDraft(.attestation, encoder.bytes)
    }

    /// Reads an attestation.
    public static func readAttestation(
        _ body: [UInt8]
    ) throws(CanonicalError) -> (epoch: UInt64, operatorAddress: Address, signature: Signature) {
        var decoder = try CanonicalDecoder(body, tag: "feesvc/attestation/1")
        let epoch = try decoder.readUInt64()
        let operatorAddress = try decoder.readAddress()
        let signature = try decoder.readSignature()
        try decoder.finish()
        return (epoch, operatorAddress, signature)
    }

    /// A claim: `tagged "feesvc/claim/1": u64 epoch, u32 node, addr payout, u128 cumulative, u128 paid`.
    public static func claim(
        epoch: UInt64, node: UInt32, payout: Address, cumulative: Amount, paid: Amount
    ) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/claim/1")
        encoder.append(epoch)
        encoder.append(node)
        encoder.append(payout)
        encoder.append(cumulative)
        encoder.append(paid)
        return LeafDraft(.claim, encoder.bytes)
    }

    /// A channel's end: `tagged "feesvc/close/1": b32 commitment, u128 charged, u128 returned`.
    public static func close(commitment: Bytes32, charged: Amount, returned: Amount) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/close/1")
        encoder.append(commitment)
        encoder.append(charged)
        encoder.append(returned)
        return LeafDraft(.close, encoder.bytes)
    }

    /// Reads the body of a closed channel.
    public static func readClose(
        _ body: [UInt8]
    ) throws(CanonicalError) -> (commitment: Bytes32, charged: Amount, returned: Amount) {
        var decoder = try CanonicalDecoder(body, tag: "feesvc/close/1")
        let close = (
            commitment: try decoder.readBytes32(), charged: try decoder.readAmount(),
            returned: try decoder.readAmount()
        )
        try decoder.finish()
        return close
    }

    /// Money that the settlement paid out: `tagged "feesvc/payout/1": addr account, u128 amount, b32 reference`.
    public static func payout(account: Address, amount: Amount, reference: Bytes32) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/payout/1")
        encoder.append(account)
        encoder.append(amount)
        encoder.append(reference)
        return LeafDraft(.payout, encoder.bytes)
    }
}

extension FeeSchedule {
    /// The canonical bytes, tag `feesvc/schedule/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/schedule/1")
        encoder.append(version)
        encoder.append(effectiveFrom)
        encoder.append(base)
        encoder.append(storagePerByteDay)
        encoder.append(congestionUnit)
        encoder.append(targetPerMinute)
        encoder.append(postage)
        encoder.append(postageWindow)
        encoder.append(retentionDaysMin)
        encoder.append(retentionDaysMax)
        encoder.append(bytesMax)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/schedule/1")
        self.init(
            version: try decoder.readUInt32(), effectiveFrom: try decoder.readUInt64(), base: try decoder.readAmount(),
            storagePerByteDay: try decoder.readAmount(), congestionUnit: try decoder.readAmount(),
            targetPerMinute: try decoder.readUInt32(), postage: try decoder.readAmount(),
            postageWindow: try decoder.readUInt64(), retentionDaysMin: try decoder.readUInt32(),
            retentionDaysMax: try decoder.readUInt32(), bytesMax: try decoder.readUInt32())
        try decoder.finish()
    }
}
