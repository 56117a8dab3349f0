public import Channels
public import Primitives

/// A channel's state, told to its payer and to those who may sign for it.
public struct ChannelBody: Codable, Sendable {
    /// A lane.
    public struct Lane: Codable, Sendable {
        /// The lane's number.
        @Count32 public var lane: UInt32
        /// The newest sequence.
        public let sequence: UInt64
        /// The newest ceiling.
        public let ceiling: Amount
        /// What was charged.
        public let charged: Amount
        /// The number of the newest charge, where a statement begins.
        public let lastCharge: UInt64
        /// The newest voucher: who lost its own record checks the signature and goes on from here.
        public let newest: NewestVoucher?

        /// Makes a lane.
        public init(lane: UInt32, state: LaneState, newest: SignedVoucher?) {
            self.lane = lane
            sequence = state.sequence
            ceiling = state.ceiling
            charged = state.charged
            lastCharge = state.lastCharge
            self.newest = newest.map(NewestVoucher.init)
        }
    }

    /// A voucher without its items.
    public struct NewestVoucher: Codable, Sendable {
        /// The lane.
        @Count32 public var lane: UInt32
        /// The sequence.
        public let sequence: UInt64
        /// The ceiling.
        public let cumulativeAmount: Amount
        /// Until when it can be proved.
        public let validUntil: UInt64
        /// The items' hash.
        public let itemsHash: Bytes32
        /// The signature of whoever signed it.
        public let signature: Signature

        /// Makes the body.
        public init(_ signed: SignedVoucher) {
            lane = signed.voucher.lane
            sequence = signed.voucher.sequence
            cumulativeAmount = signed.voucher.cumulativeAmount
            validUntil = signed.voucher.validUntil
            itemsHash = signed.voucher.itemsHash
            signature = signed.signature
        }

        /// The voucher of a channel.
        public func voucher(of channel: Bytes32) -> Voucher {
            Voucher(
                channelID: channel, lane: lane, sequence: sequence, cumulativeAmount: cumulativeAmount,
                validUntil: validUntil, itemsHash: itemsHash)
        }
    }

    /// Who may sign, and what.
    public struct Signer: Codable, Sendable {
        /// Who.
        public let signer: Address
        /// The lane, or ``Delegation/everyLane``.
        @Count32 public var lane: UInt32
        /// The highest ceiling that it may sign for a lane.
        public let ceiling: Amount
        /// Until when.
        public let expires: UInt64

        /// Makes a signer.
        public init(_ signer: Address, _ authority: SignerAuthority) {
            self.signer = signer
            lane = authority.lane ?? Delegation.everyLane
            ceiling = authority.ceiling
            expires = authority.expires
        }
    }

    /// The channel's id.
    public let channelId: Bytes32
    /// Whose money it is.
    public let payer: Address
    /// `opening`, `open`, `closing` or `closed`.
    public let stage: String
    /// When a channel that is closing ends.
    public let closesAt: UInt64?
    /// What the settlement confirmed.
    public let deposited: Amount
    /// What was refunded.
    public let refunded: Amount
    /// What left it.
    public let withdrawn: Amount
    /// What is left to spend, and what a close would return.
    public let available: Amount
    /// What can be withdrawn while it stays open.
    public let withdrawable: Amount
    /// The nonce of the last delegation or revocation.
    public let nonce: UInt64
    /// Who may sign, by address.
    public let signers: [Signer]
    /// Its lanes, ascending.
    public let lanes: [Lane]

    /// Makes the body.
    public init(_ channel: ChannelState, newest: [UInt32: SignedVoucher]) throws {
        channelId = channel.id
        payer = channel.payer
        stage = channel.stage.rawValue
        closesAt = channel.closesAt
        deposited = channel.deposited
        refunded = channel.refunded
        withdrawn = channel.withdrawn
        available = try channel.available
        withdrawable = channel.stage == .closed ? .zero : try channel.withdrawable
        nonce = channel.nonce
        signers = channel.signers.map { Signer($0.signer, $0.authority) }
        lanes = channel.lanes.sorted { $0.key < $1.key }.map {
            Lane(lane: $0.key, state: $0.value, newest: newest[$0.key])
        }
    }
}

/// A page of a lane's charges, newest first: `GET /v1/channels/{id}/charges`.
public struct ChannelChargesBody: Codable, Sendable {
    /// The most charges of a page.
    public static let countMax: UInt64 = 100

    /// Their receipts, all against one head.
    public let charges: [ReceiptBody]
    /// Where the next page begins; absent on the last one.
    public let next: UInt64?

    /// Makes the body.
    public init(charges: [ReceiptBody], next: UInt64?) {
        self.charges = charges
        self.next = next
    }
}
