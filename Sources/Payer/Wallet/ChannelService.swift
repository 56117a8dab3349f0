public import Channels
public import Primitives

/// What a service says of a channel to who signs for it.
public struct ChannelAccount: Hashable, Sendable {
    /// Who may sign vouchers beside or in the place of the opening's signer.
    public struct Signer: Hashable, Sendable {
        /// Whose key.
        public let signer: Address
        /// What it may sign.
        public let authority: SignerAuthority

        /// Makes a signer.
        public init(signer: Address, authority: SignerAuthority) {
            self.signer = signer
            self.authority = authority
        }
    }

    /// Whose money it holds.
    public let payer: Address
    /// `opening`, `open`, `closing` or `closed`.
    public let stage: String
    /// When a closing channel will be closed, Unix seconds.
    public let closesAt: UInt64?
    /// What the settlement confirmed.
    public let deposited: Amount
    /// What was refunded.
    public let refunded: Amount
    /// What left it.
    public let withdrawn: Amount
    /// What is left to spend.
    public let available: Amount
    /// The nonce of the newest delegation or revocation.
    public let nonce: UInt64
    /// Who may sign.
    public let signers: [Signer]
    /// The lanes that were used.
    public let lanes: [LaneClaim]

    /// Makes an account.
    public init(
        payer: Address, stage: String, closesAt: UInt64?, deposited: Amount, refunded: Amount, withdrawn: Amount,
        available: Amount, nonce: UInt64, signers: [Signer], lanes: [LaneClaim]
    ) {
        self.payer = payer
        self.stage = stage
        self.closesAt = closesAt
        self.deposited = deposited
        self.refunded = refunded
        self.withdrawn = withdrawn
        self.available = available
        self.nonce = nonce
        self.signers = signers
        self.lanes = lanes
    }

    /// deposited + refunded − withdrawn: what ceilings may add up to.
    public var coverage: Amount {
        get throws(AmountError) { try deposited.adding(refunded).subtracting(withdrawn) }
    }

    /// What was charged on all lanes.
    public var charged: Amount {
        get throws(AmountError) { try Amount.sum(lanes.map(\.charged)) }
    }

    /// What no ceiling claims: the most that can be withdrawn.
    public var unclaimed: Amount {
        get throws(AmountError) {
            let ceilings = try Amount.sum(lanes.map(\.ceiling))
            let coverage = try coverage
            return ceilings < coverage ? try coverage.subtracting(ceilings) : .zero
        }
    }

    /// The account after a lane went on.
    func replacing(_ claim: LaneClaim) throws(AmountError) -> ChannelAccount {
        let lanes = lanes.filter { $0.lane != claim.lane } + [claim]
        return ChannelAccount(
            payer: payer, stage: stage, closesAt: closesAt, deposited: deposited, refunded: refunded,
            withdrawn: withdrawn, available: try coverage.subtracting(try Amount.sum(lanes.map(\.charged))),
            nonce: nonce, signers: signers, lanes: lanes)
    }

    /// What is missing for a ceiling on one lane.
    public func lacking(for ceiling: Amount, on lane: UInt32) throws(AmountError) -> Amount {
        let others = lanes.filter { $0.lane != lane }.map(\.ceiling)
        let needed = try Amount.sum(others + [ceiling])
        let coverage = try coverage
        return needed > coverage ? try needed.subtracting(coverage) : .zero
    }
}

/// A charge with what proves it, as a service lists it.
public struct ChargeProof: Hashable, Sendable {
    /// The proof that it stands in the log.
    public let receipt: Receipt
    /// What opens its commitment to the channel.
    public let salt: Bytes32

    /// Makes a charge.
    public init(receipt: Receipt, salt: Bytes32) {
        self.receipt = receipt
        self.salt = salt
    }
}

/// Some charges of a lane, the newest first.
public struct ChargePage: Sendable {
    /// The charges.
    public let charges: [ChargeProof]
    /// The charge that the next page begins with; `nil` after the last.
    public let next: UInt64?

    /// Makes a page.
    public init(charges: [ChargeProof], next: UInt64?) {
        self.charges = charges
        self.next = next
    }
}

/// A question's time and its signature, by payer or signer.
public struct SignedQuery: Hashable, Sendable {
    /// The channel asked for.
    public let channelID: Bytes32
    /// When it was asked, Unix seconds.
    public let time: UInt64
    /// The signature on ``ChannelQuery``.
    public let signature: Signature

    /// Signs a question.
    public init(channelID: Bytes32, time: UInt64, key: SecretKey, domain: EIP712Domain) {
        self.channelID = channelID
        self.time = time
        signature = key.sign(domain.digest(of: ChannelQuery(channelID: channelID, time: time)))
    }

    /// As the query of a URL.
    public var text: String { "time=\(time)&signature=\(signature.hex)" }
}

/// What became of a voucher of a lost history.
public enum Restoring: Hashable, Sendable {
    /// Charged again, or still charged: the new receipts, in the order of its items.
    case restored([ChargeProof])
    /// Not charged any more.
    case refused(code: String, detail: String)
}

/// The service as a wallet's channel sees it.
public protocol ChannelService: Sendable {
    /// The log's parameters.
    var genesis: Genesis { get }
    /// Checks that the log key signed a head of this log.
    func check(_ head: SignedHead) async throws(ReceiptRefusal)
    /// Sends vouchers and returns what became of each; nothing of it is checked.
    func send(_ vouchers: [SignedVoucher]) async throws -> VoucherFrames.Answer
    /// Asks for a channel's state.
    func account(_ query: SignedQuery) async throws -> ChannelAccount
    /// Asks for a page of a lane's charges from one of them back, or from the newest.
    func charges(_ query: SignedQuery, lane: UInt32, from: UInt64?) async throws -> ChargePage
    /// What the log had given up when the service was reached.
    var rollbacks: [LoggedRollback] { get }
    /// Asks that what a voucher was charged in a lost history is charged again; nothing of the answer is checked.
    func restore(_ voucher: SignedVoucher, proofs: [ChargeProof]) async throws -> Restoring
    /// The newest head, and the proof that the log of an earlier size only grew into it.
    func growth(from size: UInt64) async throws -> (head: SignedHead, proof: [Bytes32])
}

extension ChannelService {
    /// Checks a receipt for an envelope that this client pays from `channelID`, all but the signature of its head.
    public func checkContents(
        of receipt: Receipt, salt: Bytes32, item: Item, channelID: Bytes32
    ) throws(ReceiptRefusal) {
        try receipt.checkPath(logID: genesis.logID)
        guard receipt.charge.envelopeHash == item.envelopeHash,
            receipt.charge.commitment == Charge.commitment(to: channelID, salt: salt)
        else { throw .otherEnvelope }
    }
}
