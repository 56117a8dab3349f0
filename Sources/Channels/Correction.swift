public import Primitives

/// Money that the result of a sealed epoch sent to the wrong place. A sealed epoch never changes: an entry of the open one
/// moves the money, and names the epoch that it corrects.
public struct Correction: Hashable, Sendable {
    /// Where a correction takes from or gives to.
    public enum Purse: Hashable, Sendable {
        /// The open epoch's pool.
        case pool
        /// The protocol's income.
        case protocolIncome
        /// What an operator has earned and not claimed.
        case rewards(Address)

        /// `pool`, `protocol`, or `rewards:` and an address in lower case.
        public var name: String {
            switch self {
            case .pool: "pool"
            case .protocolIncome: "protocol"
            case .rewards(let address): "rewards:\(address.hex)"
            }
        }

        /// Reads a name; anything that ``name`` does not write is `nil`.
        public init?(name: String) {
            switch name {
            case "pool": self = .pool
            case "protocol": self = .protocolIncome
            default:
                guard name.hasPrefix("rewards:"), let address = Address(hex: String(name.dropFirst(8))) else {
                    return nil
                }
                self = .rewards(address)
                guard self.name == name else { return nil }
            }
        }
    }

    /// The longest reason, in bytes of UTF-8.
    public static let reasonBytesMax = 256
    private static let nameBytesMax = 64

    /// The sealed epoch that it corrects.
    public let epoch: UInt64
    /// Where the money is.
    public let from: Purse
    /// Where it belongs.
    public let to: Purse
    /// How much, in ledger units; above zero.
    public let amount: Amount
    /// Why, for people: 1 … ``reasonBytesMax`` bytes.
    public let reason: String

    /// Makes a correction; `nil` where nothing would move, or the reason is empty or too long.
    public init?(epoch: UInt64, from: Purse, to: Purse, amount: Amount, reason: String) {
        guard from != to, amount > .zero, (1...Self.reasonBytesMax).contains(reason.utf8.count) else { return nil }
        self.epoch = epoch
        self.from = from
        self.to = to
        self.amount = amount
        self.reason = reason
    }

    /// An order's body: `u64 epoch, text from, text to, u128 amount, text reason`.
    public var orderBody: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.append(epoch)
        encoder.append(from.name)
        encoder.append(to.name)
        encoder.append(amount)
        encoder.append(reason)
        return encoder.bytes
    }

    /// Reads an order's body.
    public init(orderBody: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(untagged: orderBody)
        let epoch = try decoder.readUInt64()
        let from = Purse(name: try decoder.readText(limit: Self.nameBytesMax, field: "from"))
        let to = Purse(name: try decoder.readText(limit: Self.nameBytesMax, field: "to"))
        let amount = try decoder.readAmount()
        let reason = try decoder.readText(limit: Self.reasonBytesMax, field: "reason")
        try decoder.finish()
        guard let from, let to,
            let correction = Correction(epoch: epoch, from: from, to: to, amount: amount, reason: reason)
        else { throw .outOfRange(field: "correction") }
        self = correction
    }
}
