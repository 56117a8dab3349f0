public import Primitives

/// The log's parameters: body of a ``LeafKind/genesis`` leaf.
public struct Genesis: Hashable, Sendable {
    /// The chain's id as an ABI word.
    public let chainID: Bytes32
    /// The address that stands for this instance.
    public let verifyingContract: Address
    /// Whose key signs heads.
    public let logKey: Address
    /// Whose key confirms money that came or went.
    public let settlementKey: Address
    /// Whose key signs administrative acts.
    public let adminKey: Address
    /// The currency's code.
    public let currency: String
    /// Decimals of the ledger unit.
    public let ledgerScale: UInt8
    /// Decimals of the settlement unit.
    public let settlementScale: UInt8
    /// When the first epoch begins, Unix seconds.
    public let start: UInt64
    /// The length of an epoch.
    public let epochSeconds: UInt64
    /// The reward ruleset.
    public let ruleset: UInt32
    /// Into which shards topics fall.
    public let sharding: Sharding

    /// Makes the parameters.
    public init(
        chainID: Bytes32, verifyingContract: Address, logKey: Address, settlementKey: Address, adminKey: Address,
        currency: String, ledgerScale: UInt8, settlementScale: UInt8, start: UInt64, epochSeconds: UInt64,
        ruleset: UInt32, sharding: Sharding = .none
    ) {
        self.chainID = chainID
        self.verifyingContract = verifyingContract
        self.logKey = logKey
        self.settlementKey = settlementKey
        self.adminKey = adminKey
        self.currency = currency
        self.ledgerScale = ledgerScale
        self.settlementScale = settlementScale
        self.start = start
        self.epochSeconds = epochSeconds
        self.ruleset = ruleset
        self.sharding = sharding
    }

    /// The canonical bytes: tag `feesvc/genesis/1` where every node holds all topics, else `feesvc/sharded-genesis/1`, which ends with
    /// `u8 shardBits, u16 replication`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: sharding == .none ? "feesvc/genesis/1" : "feesvc/sharded-genesis/1")
        encoder.append(chainID)
        encoder.append(verifyingContract)
        encoder.append(logKey)
        encoder.append(settlementKey)
        encoder.append(adminKey)
        encoder.append(currency)
        encoder.append(ledgerScale)
        encoder.append(settlementScale)
        encoder.append(start)
        encoder.append(epochSeconds)
        encoder.append(ruleset)
        if sharding != .none {
            encoder.append(sharding.bits)
            encoder.append(sharding.replication)
        }
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder: CanonicalDecoder
        let isSharded: Bool
        (decoder, isSharded) = try CanonicalDecoder.either(
            canonicalBytes, tag: "feesvc/genesis/1", orTag: "feesvc/sharded-genesis/1")
        chainID = try decoder.readBytes32()
        verifyingContract = try decoder.readAddress()
        logKey = try decoder.readAddress()
        settlementKey = try decoder.readAddress()
        adminKey = try decoder.readAddress()
        currency = try decoder.readText(limit: 16, field: "currency")
        ledgerScale = try decoder.readUInt8()
        settlementScale = try decoder.readUInt8()
        start = try decoder.readUInt64()
        epochSeconds = try decoder.readUInt64()
        ruleset = try decoder.readUInt32()
        sharding = isSharded ? try Sharding(from: &decoder) : .none
        try decoder.finish()
        guard epochSeconds > 0 else { throw .outOfRange(field: "epochSeconds") }
        guard settlementScale <= ledgerScale, ledgerScale <= 30 else { throw .outOfRange(field: "settlementScale") }
    }

    /// SHA-256 of `tagged "feesvc/log/1": bytes genesis`: the log's id.
    public var logID: Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/log/1")
        encoder.append(canonicalBytes)
        return SHA256.hash(encoder.bytes)
    }

    /// The domain of every signature of this instance.
    public var domain: EIP712Domain { EIP712Domain(chainID: chainID, verifyingContract: verifyingContract) }

    /// The clock of epochs.
    public var epochs: EpochClock { EpochClock(start: start, length: epochSeconds) }
}

/// When epochs begin and end, and the deadlines that hang on them. Epochs count from 1.
///
/// Genesis and epochs may come from a log that somebody made up: a moment above 2^64 − 1 is 2^64 − 1, and what would be
/// epoch 0 is the start.
public struct EpochClock: Hashable, Sendable {
    /// When epoch 1 begins, Unix seconds.
    public let start: UInt64
    /// Seconds in an epoch.
    public let length: UInt64

    /// Makes the clock; `length` is above zero.
    public init(start: UInt64, length: UInt64) {
        precondition(length > 0, "an epoch has a length")
        self.start = start
        self.length = length
    }

    /// When an epoch begins.
    public func beginning(of epoch: UInt64) -> UInt64 { edge(of: max(epoch, 1) - 1) }
    /// When an epoch ends: the first second that is not in it.
    public func edge(of epoch: UInt64) -> UInt64 {
        let (span, isBeyond) = epoch.multipliedReportingOverflow(by: length)
        return isBeyond ? .max : start.addingClamped(span)
    }
    /// When base and congestion holds of an epoch end: 24 hours after its edge, at most half an epoch.
    public func deliveryCut(of epoch: UInt64) -> UInt64 {
        edge(of: epoch).addingClamped(min(UTCDay.seconds, length / 2))
    }
    /// Until when an envelope that was charged at `time` may be published: 1 hour, at most a quarter of an epoch.
    public func publishBy(acceptedAt time: UInt64) -> UInt64 { time.addingClamped(min(3_600, length / 4)) }
}

/// A message that was charged: body of a ``LeafKind/charge`` leaf, and what a receipt shows to everybody.
public struct Charge: Hashable, Sendable {
    /// Counts the log's charges from 1.
    public let number: UInt64
    /// The epoch in which it was accepted.
    public let epoch: UInt64
    /// Hides the channel; see ``commitment(to:salt:)``.
    public let commitment: Bytes32
    /// The envelope that is paid.
    public let envelopeHash: Bytes32
    /// The payload's size.
    public let bytes: UInt32
    /// The envelope's expiry day.
    public let expiryDay: UTCDay
    /// The schedule that priced it.
    public let schedule: UInt32
    /// The price's parts.
    public let price: Price
    /// Until when a node may admit the envelope, Unix seconds.
    public let publishBy: UInt64

    /// Makes a charge.
    public init(
        number: UInt64, epoch: UInt64, commitment: Bytes32, envelopeHash: Bytes32, bytes: UInt32, expiryDay: UTCDay,
        schedule: UInt32, price: Price, publishBy: UInt64
    ) {
        self.number = number
        self.epoch = epoch
        self.commitment = commitment
        self.envelopeHash = envelopeHash
        self.bytes = bytes
        self.expiryDay = expiryDay
        self.schedule = schedule
        self.price = price
        self.publishBy = publishBy
    }

    /// SHA-256 of `tagged "feesvc/commitment/1": b32 channelId, b32 salt`.
    public static func commitment(to channelID: Bytes32, salt: Bytes32) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/commitment/1")
        encoder.append(channelID)
        encoder.append(salt)
        return SHA256.hash(encoder.bytes)
    }

    /// The canonical bytes, tag `feesvc/charge/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/charge/1")
        encoder.append(number)
        encoder.append(epoch)
        encoder.append(commitment)
        encoder.append(envelopeHash)
        encoder.append(bytes)
        encoder.append(expiryDay.number)
        encoder.append(schedule)
        encoder.append(price.base)
        encoder.append(price.storage)
        encoder.append(price.congestion)
        encoder.append(price.postage)
        encoder.append(publishBy)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/charge/1")
        number = try decoder.readUInt64()
        epoch = try decoder.readUInt64()
        commitment = try decoder.readBytes32()
        envelopeHash = try decoder.readBytes32()
        bytes = try decoder.readUInt32()
        expiryDay = UTCDay(number: try decoder.readUInt32())
        schedule = try decoder.readUInt32()
        price = Price(
            base: try decoder.readAmount(), storage: try decoder.readAmount(), congestion: try decoder.readAmount(),
            postage: try decoder.readAmount())
        publishBy = try decoder.readUInt64()
        try decoder.finish()
    }
}
