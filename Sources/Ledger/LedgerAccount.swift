public import Primitives

/// An account of the ledger. Custody is what the service holds for others; every other account says for whom.
public enum LedgerAccount: Hashable, Sendable {
    /// The parts in which charged money is held until it is decided.
    public enum HeldPart: String, Hashable, Sendable, CaseIterable {
        /// Base and congestion fees, until the delivery cut.
        case base
        /// Storage of days to come.
        case storage
        /// Postage, until it is welcomed or its window ends.
        case postage
    }

    /// The asset: what the settlement confirmed and has not paid out.
    case custody
    /// What channels have left to spend: a control account, whose sub-ledger is the channels.
    case channels
    /// Charged money that is not decided yet: a control account, whose sub-ledger is the charges.
    case held(HeldPart)
    /// What an epoch has to distribute.
    case pool(UInt64)
    /// What an operator has earned and not claimed.
    case rewards(Address)
    /// What an operator has put up.
    case stake(Address)
    /// Stake on its way out.
    case unbonding(Address)
    /// The protocol's income.
    case protocolIncome
    /// The applications' shares.
    case appShares
    /// Remainders of a split on their way into the next pool.
    case dust
    /// What an account may have paid out.
    case payable(Address)

    /// Tells whether debits increase the balance; they decrease that of every other account.
    public var isAsset: Bool { self == .custody }

    /// The account's name in entries, SQL and reports; it sorts and hashes as this text.
    public var name: String {
        switch self {
        case .custody: "custody"
        case .channels: "channels"
        case .held(let part): "held:\(part.rawValue)"
        case .pool(let epoch): "pool:\(epoch)"
        case .rewards(let address): "rewards:\(address.hex)"
        case .stake(let address): "stake:\(address.hex)"
        case .unbonding(let address): "unbonding:\(address.hex)"
        case .protocolIncome: "protocol"
        case .appShares: "app-shares"
        case .dust: "dust"
        case .payable(let address): "payable:\(address.hex)"
        }
    }

    /// Reads a name; anything that ``name`` does not write is `nil`.
    public init?(name: String) {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let account: LedgerAccount?
        switch (parts[0], parts.count > 1 ? parts[1] : nil) {
        case ("custody", nil): account = .custody
        case ("channels", nil): account = .channels
        case ("protocol", nil): account = .protocolIncome
        case ("app-shares", nil): account = .appShares
        case ("dust", nil): account = .dust
        case ("held", let text?): account = HeldPart(rawValue: text).map(Self.held)
        case ("pool", let text?): account = UInt64(text).map(Self.pool)
        case ("rewards", let text?): account = Address(hex: text).map(Self.rewards)
        case ("stake", let text?): account = Address(hex: text).map(Self.stake)
        case ("unbonding", let text?): account = Address(hex: text).map(Self.unbonding)
        case ("payable", let text?): account = Address(hex: text).map(Self.payable)
        default: account = nil
        }
        guard let account, account.name == name else { return nil }
        self = account
    }
}

extension LedgerAccount: CustomStringConvertible {
    /// The account's name.
    public var description: String { name }
}
