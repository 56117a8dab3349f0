public import Primitives

/// Why a payer's act on a channel is refused. Nothing moves on a refusal.
public enum ChannelRefusal: Error, Hashable, Sendable {
    /// The channel is over.
    case closed
    /// The channel is on its way out.
    case closing(until: UInt64)
    /// The statement stood until an earlier time.
    case validUntil(found: UInt64, now: UInt64)
    /// Something else was charged than what the payer agrees to.
    case charged(signed: Amount, found: Amount)
    /// A nonce out of turn.
    case nonce(found: UInt64, expected: UInt64)
    /// Signers were changed as often as a channel allows.
    case signerActs(limit: UInt64)
    /// Authority for an address that nobody holds.
    case zeroAddress
    /// A lane that no channel has.
    case lane(found: UInt32)
    /// An authority that ends too early to be used.
    case expires(found: UInt64, earliest: UInt64)
    /// As many signers as a channel may have.
    case delegates(limit: Int)
    /// A key that has no authority that could be taken away.
    case notASigner(Address)
    /// More was withdrawn already.
    case withdrawn(found: Amount, already: Amount)
    /// More than what no ceiling claims.
    case reserved(found: Amount, limit: Amount)
    /// Less than what is moved in one go.
    case smallest(found: Amount, smallest: Amount)

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .closed: "channel/closed"
        case .closing: "channel/closing"
        case .validUntil: "channel/agreement-expired"
        case .charged: "channel/charged"
        case .nonce: "channel/nonce"
        case .signerActs: "channel/signer-acts"
        case .zeroAddress: "channel/zero-address"
        case .lane: "channel/lane"
        case .expires: "channel/authority-expires"
        case .delegates: "channel/delegates"
        case .notASigner: "channel/not-a-signer"
        case .withdrawn: "channel/withdrawn"
        case .reserved: "channel/reserved"
        case .smallest: "channel/smallest"
        }
    }

    /// One sentence for the payer: what is wrong, and what would be right.
    public var detail: String {
        switch self {
        case .closed: "The channel is closed; open another."
        case .closing(let until): "The channel is closing and ends at \(until); what is left is payable then."
        case .validUntil(let found, let now): "The statement stood until \(found); it is \(now). Sign it anew."
        case .charged(let signed, let found): "\(found) was charged, not \(signed)."
        case .nonce(let found, let expected): "The nonce is \(found); it must be \(expected)."
        case .signerActs(let limit):
            "The channel's signers were changed \(limit) times, which is the most; revoke by closing it."
        case .zeroAddress: "A signer must be an address that somebody holds."
        case .lane(let found):
            "There is no lane \(found); lanes are 0 to \(ChannelState.laneCount - 1), and \(Delegation.everyLane) is every lane."
        case .expires(let found, let earliest): "The authority ends at \(found); it must reach \(earliest) to be used."
        case .delegates(let limit): "A channel delegates to \(limit) signers at most; revoke one first."
        case .notASigner(let address): "\(address) is no signer of this channel."
        case .withdrawn(let found, let already): "\(already) was withdrawn already, more than \(found) in all."
        case .reserved(let found, let limit):
            "\(found) is more than the \(limit) that no voucher's ceiling claims; close the channel to have it all back."
        case .smallest(let found, let smallest):
            "\(found) is too little to move; the least is \(smallest), or everything."
        }
    }
}
