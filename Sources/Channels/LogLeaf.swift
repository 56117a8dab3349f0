public import Primitives

/// What a leaf of the fee log records.
public enum LeafKind: UInt16, Hashable, Sendable, CaseIterable {
    /// The log's parameters, its first leaf.
    case genesis = 1
    /// A fee schedule.
    case schedule = 2
    /// Money that came into a channel.
    case deposit = 3
    /// A message that was charged.
    case charge = 4
    /// A day of storage that was captured.
    case midnight = 5
    /// A node that was registered.
    case node = 6
    /// The end of an epoch.
    case edge = 7
    /// A node's signed list of the charges that it holds.
    case delivered = 8
    /// The end of base and congestion holds of an epoch.
    case cut = 9
    /// A charge whose unspent parts were returned.
    case void = 10
    /// Postage that was captured or returned.
    case postage = 11
    /// A node's signed observation of its peers.
    case observation = 12
    /// An epoch's result.
    case result = 13
    /// An operator's signature on a result.
    case attestation = 14
    /// A claim that was paid.
    case claim = 15
    /// A channel that was closed.
    case close = 16
    /// Money that the settlement paid out.
    case payout = 17
    /// An administrative act.
    case act = 18
    /// Money that an operator staked.
    case stake = 19
    /// A channel that began to close.
    case closing = 20
    /// Money that a payer took out of a channel.
    case withdrawal = 21
    /// A channel whose signers changed.
    case signer = 22
    /// A charge of a history that was lost, proved by its payer.
    case restored = 23
    /// Where the journal ends before an edge.
    case books = 24
    /// What went back of a charge on another ground than a void's.
    case refund = 25
    /// What a pool paid of what it owed.
    case repayment = 26
    /// An outage that a quorum of operators declared.
    case outage = 27
    /// Money that was given to the open epoch's pool.
    case grant = 28
    /// A proof that an operator signed two results of one epoch.
    case penalty = 29
    /// Nodes that the next epoch's snapshot leaves out.
    case silence = 30
}

/// One leaf of the fee log.
public struct LogLeaf: Hashable, Sendable {
    /// The largest body.
    public static let bodyBytesMax = 16 * 1_048_576

    /// Its place, from 0.
    public let index: UInt64
    /// When it was logged, Unix seconds of the log's time.
    public let time: UInt64
    /// What it records.
    public let kind: LeafKind
    /// The kind's canonical bytes.
    public let body: [UInt8]

    /// Makes a leaf.
    public init(index: UInt64, time: UInt64, kind: LeafKind, body: [UInt8]) {
        self.index = index
        self.time = time
        self.kind = kind
        self.body = body
    }

    /// `tagged "feesvc/leaf/1": u64 index, u64 time, u16 kind, bytes body`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/leaf/1")
        encoder.append(index)
        encoder.append(time)
        encoder.append(kind.rawValue)
        encoder.append(body)
        return encoder.bytes
    }

    /// Reads canonical bytes; the body is read by its kind's own type.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/leaf/1")
        index = try decoder.readUInt64()
        time = try decoder.readUInt64()
        guard let kind = LeafKind(rawValue: try decoder.readUInt16()) else { throw .outOfRange(field: "kind") }
        self.kind = kind
        body = try decoder.readBytes(limit: Self.bodyBytesMax)
        try decoder.finish()
    }

    /// The leaf's hash in the tree.
    public var hash: Bytes32 { MerkleLog.leafHash(canonicalBytes) }
}

/// A leaf that has no place and time yet.
public struct LeafDraft: Hashable, Sendable {
    /// What it records.
    public let kind: LeafKind
    /// The kind's canonical bytes.
    public let body: [UInt8]

    /// Makes a draft.
    public init(_ kind: LeafKind, _ body: [UInt8]) {
        self.kind = kind
        self.body = body
    }
}
