import Channels
import Primitives

/// The accounts of a statement, seen by the one whom it is for: what the service holds for it is its asset.
extension ReportAccount {
    /// A part of a charge's price.
    enum Part: String, CaseIterable {
        case base, congestion, storage, postage

        func amount(of parts: RefundParts) -> Amount {
            switch self {
            case .base: parts.base
            case .congestion: parts.congestion
            case .storage: parts.storage
            case .postage: parts.postage
            }
        }
    }

    /// What a statement's own assets were when its period began.
    static let opening = ReportAccount("opening", .equity, isDebit: false)

    // MARK: A payer's

    /// What a channel has to spend.
    static func available(_ channel: Bytes32) -> ReportAccount {
        ReportAccount("channel:\(channel.hex):available", .assets, isDebit: true)
    }

    /// What a channel was charged and is not decided.
    static func held(_ part: Part, _ channel: Bytes32) -> ReportAccount {
        ReportAccount("channel:\(channel.hex):held:\(part.rawValue)", .assets, isDebit: true)
    }

    /// What the payer may have paid out.
    static func payable(_ account: Address) -> ReportAccount {
        ReportAccount("payable:\(account.hex)", .assets, isDebit: true)
    }

    /// What left one channel for what is payable to its payer, where the statement is of that channel alone.
    static let madePayable = ReportAccount("made-payable", .equity, isDebit: true)
    /// What the settlement confirmed.
    static let deposited = ReportAccount("deposited", .equity, isDebit: false)
    /// What the settlement paid out.
    static let paidOut = ReportAccount("paid-out", .equity, isDebit: true)

    /// What was captured for messages.
    static func paid(_ part: Part) -> ReportAccount {
        ReportAccount("paid:\(part.rawValue)", .expenses, isDebit: true)
    }

    /// What had been captured and came back.
    static func returned(_ ground: RefundGround) -> ReportAccount {
        ReportAccount("returned:\(ground.name)", .income, isDebit: false)
    }

    // MARK: An operator's

    /// Rewards of distributions.
    static let earned = ReportAccount("earned", .income, isDebit: false)
    /// What an operator put up.
    static let staked = ReportAccount("staked", .equity, isDebit: false)
    /// What its stake gave for messages that it had vouched for.
    static let penalties = ReportAccount("penalties", .expenses, isDebit: true)

    /// What came by entries of a kind that has no account of its own.
    static func received(by kind: String) -> ReportAccount {
        ReportAccount("in:\(kind)", .income, isDebit: false)
    }

    /// What went by entries of a kind that has no account of its own.
    static func given(by kind: String) -> ReportAccount {
        ReportAccount("out:\(kind)", .expenses, isDebit: true)
    }
}
