public import Primitives

/// A charge of a lost history that its payer proved: body of a ``LeafKind/restored`` leaf.
///
/// It keeps its number, price and commitment; nodes that hold its message hold the same charge. It counts from its leaf on,
/// in the epoch that is open there, which is the charge's own.
public struct RestoredCharge: Hashable, Sendable {
    /// The index of its leaf in the lost history.
    public let index: UInt64
    /// When it was accepted, Unix seconds.
    public let time: UInt64
    /// The charge as it was logged.
    public let charge: Charge

    /// Makes a record.
    public init(index: UInt64, time: UInt64, charge: Charge) {
        self.index = index
        self.time = time
        self.charge = charge
    }

    /// `tagged "feesvc/restored/1": u64 index, u64 time, bytes charge`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/restored/1")
        encoder.append(index)
        encoder.append(time)
        encoder.append(charge.canonicalBytes)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/restored/1")
        index = try decoder.readUInt64()
        time = try decoder.readUInt64()
        charge = try Charge(canonicalBytes: try decoder.readBytes(limit: 1_024))
        try decoder.finish()
    }

    /// What the midnights after its acceptance, up to the one that begins `day`, would have captured of its storage.
    public func storageCaptured(through day: UTCDay) throws(AmountError) -> Amount {
        let accepted = UTCDay(containing: time)
        let last = Swift.min(day, charge.expiryDay)
        guard last > accepted else { return .zero }
        return try charge.storagePerDay(acceptedAt: time).times(UInt64(last.number - accepted.number))
    }
}

extension LogLeaf {
    /// The charge that the leaf records, also one that was restored; `nil` where it records something else.
    public func charge() throws(CanonicalError) -> Charge? {
        switch kind {
        case .charge: try Charge(canonicalBytes: body)
        case .restored: try RestoredCharge(canonicalBytes: body).charge
        default: nil
        }
    }
}
