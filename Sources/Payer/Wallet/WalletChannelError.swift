public import Channels
public import Primitives

/// Why a wallet's channel does not pay.
public enum WalletChannelError: Error, Sendable, CustomStringConvertible {
    /// The service at this address keeps another log than the one this channel belongs to.
    case otherLog(expected: Bytes32, found: Bytes32)
    /// The key is not the channel's signer's.
    case otherKey(expected: Address, found: Address)
    /// The service's word on a lane is not believed; `evidence` is where what it said is kept.
    case claim(LaneClaimRefusal, evidence: String)
    /// The service's log did not grow out of the one it showed before.
    case log(String, evidence: String)
    /// The service lost what this wallet holds receipts for, and said so by a signed act.
    case rolledBack(LoggedRollback)
    /// The channel holds too little.
    case funds(lacking: Amount)
    /// Nothing was signed.
    case signing(SigningRefusal)
    /// The channel takes no vouchers any more.
    case over(stage: String)
    /// The payer did not authorise this wallet's key for it.
    case authority(VoucherRefusal)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .otherLog(let expected, let found):
            "The service keeps the log \(found), but this channel belongs to \(expected): it is another service, or its "
                + "data were replaced. Nothing was signed."
        case .otherKey(let expected, let found): "The channel's signer is \(expected); the key given is \(found)'s."
        case .claim(let refusal, let evidence): "\(refusal) What it said is kept in \(evidence)."
        case .log(let reason, let evidence): "\(reason) Both heads are kept in \(evidence)."
        case .rolledBack(let logged):
            "The service lost its log from leaf \(logged.index) on and says so by a signed act. Give it back what this "
                + "wallet can prove, before anything else is paid: feesvc channel restore."
        case .funds(let lacking): "The channel lacks \(lacking) units for this; top it up by that at least."
        case .signing(let refusal): refusal.description
        case .over(let stage): "The channel is \(stage) and takes no vouchers any more; open another."
        case .authority(let refusal): refusal.detail
        }
    }
}
