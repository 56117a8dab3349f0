public import Primitives

/// Where a channel is in its life. End states absorb.
public enum ChannelStage: String, Hashable, Sendable {
    /// It holds less than the least deposit.
    case opening
    /// It takes vouchers.
    case open
    /// It takes no vouchers any more and ends at a known time.
    case closing
    /// It is over; money that comes back goes to the payer's payable.
    case closed
}

/// What a lane of a channel has authorised and been charged. Each number only grows.
public struct LaneState: Hashable, Sendable {
    /// The sequence of the newest voucher accepted.
    public var sequence: UInt64
    /// The newest ceiling.
    public var ceiling: Amount
    /// What was charged on the lane.
    public var charged: Amount
    /// The number of the newest charge, by which the newest voucher is found; 0 before the first.
    public var lastCharge: UInt64

    /// Makes a lane's state; a lane that was never used has zeros.
    public init(sequence: UInt64 = 0, ceiling: Amount = .zero, charged: Amount = .zero, lastCharge: UInt64 = 0) {
        self.sequence = sequence
        self.ceiling = ceiling
        self.charged = charged
        self.lastCharge = lastCharge
    }
}

/// A channel as the service knows it. Its four counters only grow.
public struct ChannelState: Hashable, Sendable {
    /// How many lanes a channel has: several gateways pay from it, each on its own, without talking to each other.
    public static let laneCount: UInt32 = 64

    /// The channel's id.
    public let id: Bytes32
    /// Whose money it is.
    public let payer: Address
    /// Who signs its vouchers, as its opening says.
    public let signer: Address
    /// Whether the payer has revoked ``signer``.
    public var isSignerRevoked: Bool
    /// What the payer delegated; one for ``signer`` takes the place of what the opening gave it.
    public var delegates: [Address: SignerAuthority]
    /// The nonce of the last delegation or revocation.
    public var nonce: UInt64
    /// Where it is in its life.
    public var stage: ChannelStage
    /// When a channel that is ``ChannelStage/closing`` ends, Unix seconds.
    public var closesAt: UInt64?
    /// What the settlement confirmed.
    public var deposited: Amount
    /// What was refunded to it.
    public var refunded: Amount
    /// What left it.
    public var withdrawn: Amount
    /// Its lanes, by number.
    public var lanes: [UInt32: LaneState]

    /// Makes a channel's state.
    public init(
        id: Bytes32, payer: Address, signer: Address, isSignerRevoked: Bool = false,
        delegates: [Address: SignerAuthority] = [:], nonce: UInt64 = 0, stage: ChannelStage, closesAt: UInt64? = nil,
        deposited: Amount, refunded: Amount, withdrawn: Amount, lanes: [UInt32: LaneState]
    ) {
        self.id = id
        self.payer = payer
        self.signer = signer
        self.isSignerRevoked = isSignerRevoked
        self.delegates = delegates
        self.nonce = nonce
        self.stage = stage
        self.closesAt = closesAt
        self.deposited = deposited
        self.refunded = refunded
        self.withdrawn = withdrawn
        self.lanes = lanes
    }

    /// What was charged on all lanes.
    public var charged: Amount {
        get throws(AmountError) { try Amount.sum(lanes.values.map(\.charged)) }
    }

    /// deposited + refunded − withdrawn: what ceilings may add up to.
    public var coverage: Amount {
        get throws(AmountError) { try deposited.adding(refunded).subtracting(withdrawn) }
    }

    /// coverage − charged: what is left to spend.
    public var available: Amount {
        get throws(AmountError) { try coverage.subtracting(charged) }
    }
}
