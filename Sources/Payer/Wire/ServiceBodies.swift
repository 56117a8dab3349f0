public import Channels
public import Primitives

/// What a client has to know of a service: `GET /v1/parameters`.
public struct ParametersBody: Codable, Sendable {
    /// The genesis leaf's body; it names chain, keys and epochs.
    public let genesis: HexBytes
    /// The schedule in force, the body of its leaf.
    public let schedule: HexBytes
    /// Seconds between a close and its end.
    public let challengeWindow: UInt64
    /// Seconds that the settlement needs after that.
    public let settlementHorizon: UInt64
    /// What a channel must be given before it takes vouchers, and the least withdrawal.
    public let minimumDeposit: Amount
    /// The log's time.
    public let time: UInt64

    /// Makes the body.
    public init(
        genesis: HexBytes, schedule: HexBytes, challengeWindow: UInt64, settlementHorizon: UInt64,
        minimumDeposit: Amount, time: UInt64
    ) {
        self.genesis = genesis
        self.schedule = schedule
        self.challengeWindow = challengeWindow
        self.settlementHorizon = settlementHorizon
        self.minimumDeposit = minimumDeposit
        self.time = time
    }
}

/// A signed log head.
public struct HeadBody: Codable, Sendable {
    /// The head's canonical bytes.
    public let head: HexBytes
    /// The log key's signature.
    public let signature: Signature

    /// Makes the body.
    public init(_ head: SignedHead) {
        self.head = HexBytes(head.head.canonicalBytes)
        signature = head.signature
    }

    /// The head; its signature is checked by whoever uses it.
    public var signed: SignedHead {
        get throws { SignedHead(head: try LogHead(canonicalBytes: head.bytes), signature: signature) }
    }
}

/// `GET /v1/seal`: how far epochs are sealed.
public struct SealBody: Codable, Sendable {
    /// The notice's canonical bytes, tag `feesvc/seal-notice/1`.
    public let notice: HexBytes
    /// The log key's signature.
    public let signature: Signature

    /// Makes the body.
    public init(_ seal: SignedSealNotice) {
        notice = HexBytes(seal.notice.canonicalBytes)
        signature = seal.signature
    }

    /// The notice; its signature is checked by whoever uses it.
    public var signed: SignedSealNotice {
        get throws { SignedSealNotice(notice: try SealNotice(canonicalBytes: notice.bytes), signature: signature) }
    }
}

/// `GET /v1/log/consistency`: the newest head, and the proof that the log of an earlier size only grew into it.
public struct ConsistencyBody: Codable, Sendable {
    /// The newest head.
    public let head: HeadBody
    /// The consistency proof of RFC 9162, section 2.1.4.
    public let proof: [Bytes32]

    /// Makes the body.
    public init(head: HeadBody, proof: [Bytes32]) {
        self.head = head
        self.proof = proof
    }
}

/// Statements with a signature, as they are posted.
public struct OpenChannelBody: Codable, Sendable {
    /// Whose money it is.
    public let payer: Address
    /// Who signs vouchers.
    public let signer: Address
    /// 32 bytes used once.
    public let opening: Bytes32
    /// The payer's signature on `OpenChannel`.
    public let signature: Signature

    /// Makes the body.
    public init(_ opening: OpenChannel, signature: Signature) {
        payer = opening.payer
        signer = opening.signer
        self.opening = opening.opening
        self.signature = signature
    }
}

/// The answer to an opening.
public struct ChannelOpenedBody: Codable, Sendable {
    /// The channel's id.
    public let channelId: Bytes32

    /// Makes the body.
    public init(channelId: Bytes32) {
        self.channelId = channelId
    }
}

/// A statement of the settlement key about a channel, an operator or an account.
public struct SettlementBody: Codable, Sendable {
    /// The channel's id, or the operator's or account's address.
    public let subject: HexBytes
    /// How much, in ledger units.
    public let amount: Amount
    /// Unique for each movement of money.
    public let reference: Bytes32
    /// The settlement key's signature.
    public let signature: Signature

    /// Makes the body.
    public init(subject: HexBytes, amount: Amount, reference: Bytes32, signature: Signature) {
        self.subject = subject
        self.amount = amount
        self.reference = reference
        self.signature = signature
    }
}

/// Bytes that a node or the admin key signed.
public struct SignedBytesBody: Codable, Sendable {
    /// The canonical bytes.
    public let bytes: HexBytes
    /// The signature on their statement.
    public let signature: Signature

    /// Makes the body.
    public init(bytes: [UInt8], signature: Signature) {
        self.bytes = HexBytes(bytes)
        self.signature = signature
    }
}

/// A problem as RFC 9457 has it, `application/problem+json`.
public struct ProblemBody: Codable, Sendable, Error {
    /// A name that never changes: `tag:feesvc,2026:` and the code.
    public let type: String
    /// The HTTP status.
    public let status: Int
    /// What kind of problem it is.
    public let title: String
    /// What is wrong here, and what would be right.
    public let detail: String
    /// The stable code.
    public let code: String

    /// Makes a problem.
    public init(status: Int, code: String, title: String, detail: String) {
        type = "tag:feesvc,2026:\(code)"
        self.status = status
        self.title = title
        self.detail = detail
        self.code = code
    }
}
