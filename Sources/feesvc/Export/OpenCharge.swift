import Primitives
import Rewards

/// A charge of which something is held: a row of `held.csv`.
struct OpenCharge: Equatable, Sendable {
    static let form = TableForm(
        name: "held",
        columns: [
            "charge", "epoch", "base", "congestion", "expiry_day", "storage_per_day", "postage", "postage_due",
            "shard",
        ])

    let charge: UInt64
    let epoch: UInt64
    /// The base fee while it is held.
    var base: Amount?
    /// The congestion fee while it is held.
    var congestion: Amount?
    let expiryDay: UInt32
    let storagePerDay: Amount
    /// Postage while it is held.
    var postage: Amount?
    /// When the postage window ends, where there was postage.
    let postageDue: UInt64?
    /// The shard of its message.
    var shard: UInt16 = 0

    /// What is not held, and a window that there is not, are empty fields.
    func appendCSV(to out: inout [UInt8]) {
        out.append(decimal: charge)
        out.append(0x2c)
        out.append(decimal: epoch)
        out.append(0x2c)
        if let base { out.append(decimal: base) }
        out.append(0x2c)
        if let congestion { out.append(decimal: congestion) }
        out.append(0x2c)
        out.append(decimal: UInt64(expiryDay))
        out.append(0x2c)
        out.append(decimal: storagePerDay)
        out.append(0x2c)
        if let postage { out.append(decimal: postage) }
        out.append(0x2c)
        if let postageDue { out.append(decimal: postageDue) }
        out.append(0x2c)
        out.append(decimal: UInt64(shard))
        out.append(contentsOf: TableForm.csvLineEnd)
    }

    /// A file of some of them, for one that is small.
    static func csv(_ charges: [OpenCharge]) -> [UInt8] {
        var out = form.csvStart
        for charge in charges { charge.appendCSV(to: &out) }
        return out
    }
}
