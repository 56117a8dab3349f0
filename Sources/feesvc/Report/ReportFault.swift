import Primitives

/// Why a report or statement can't be made of what was asked for.
enum ReportFault: Error, Hashable {
    /// The range ends before it begins.
    case backwards(from: UTCDay, through: UTCDay)
    /// The range ends on a day that is not over in the log.
    case notOver(UTCDay, now: String)
    /// The range ends before the instance began.
    case beforeStart(UTCDay, start: UTCDay)
    /// No channel of this payer ever held money.
    case unknownPayer(Address)
    /// No channel of this id ever held money.
    case unknownChannel(Bytes32)
    /// Nobody of this address runs a node or has a stake.
    case unknownOperator(Address)
}

extension ReportFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .backwards(let from, let through):
            "The range ends on \(through), before it begins on \(from); swap --from and --through."
        case .notOver(let day, let now):
            "\(day) is not over in the log, whose time is \(now); end the range a day before that."
        case .beforeStart(let day, let start):
            "The range ends on \(day), and this instance began on \(start); there is nothing before that."
        case .unknownPayer(let address):
            "No channel of payer \(address.hex) ever held money here; feesvc channel status shows a wallet's payer."
        case .unknownChannel(let id):
            "No channel \(id.hex) ever held money here; feesvc channel status shows a wallet's channels."
        case .unknownOperator(let address):
            "Operator \(address.hex) runs no node and has no stake here; GET /v1/nodes lists those who do."
        }
    }
}

/// Why a statement is not written.
enum StatementFault: Error, Hashable, CustomStringConvertible {
    /// The single charges are not those that were added up.
    case charges

    var description: String {
        "The single charges do not add up to what the statement says, so nothing is written; run feesvc ledger verify."
    }
}
