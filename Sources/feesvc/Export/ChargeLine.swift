import Channels
import Primitives

/// A message that was charged, as the table `charges` has it. Salt and channel open the commitment in the log.
///
/// There are as many rows as charges: they are written byte by byte, here for an export and an audit alike.
struct ChargeLine {
    static let form = TableForm(
        name: "charges",
        columns: [
            "number", "log_index", "time", "envelope", "bytes", "expiry", "base", "storage", "congestion", "postage",
            "total", "channel", "salt",
        ])

    let charge: Charge
    /// The index of the charge's leaf.
    let index: UInt64
    /// When it was accepted, Unix seconds.
    let time: UInt64
    let channel: Bytes32
    let salt: Bytes32

    func appendCSV(to out: inout [UInt8]) throws(AmountError) {
        for place in 0..<Self.columnCount {
            if place > 0 { out.append(0x2c) }
            try appendCell(place, to: &out)
        }
        out.append(contentsOf: TableForm.csvLineEnd)
    }

    func appendJSON(isFirst: Bool, to out: inout [UInt8]) throws(AmountError) {
        TableForm.appendSeparator(isFirst: isFirst, to: &out)
        for place in 0..<Self.columnCount {
            out.append(contentsOf: Self.form.jsonKeys[place])
            if !Self.isNumber(place) { out.append(0x22) }
            try appendCell(place, to: &out)
            if !Self.isNumber(place) { out.append(0x22) }
        }
        out.append(0x7d)
    }

    private static let columnCount = 13

    /// Counts and times are numbers in JSON, all else is text: amounts, because readers round numbers.
    private static func isNumber(_ place: Int) -> Bool { place < 3 || place == 4 }

    /// No cell needs quotes, neither in CSV nor in JSON.
    private func appendCell(_ place: Int, to out: inout [UInt8]) throws(AmountError) {
        switch place {
        case 0: out.append(decimal: charge.number)
        case 1: out.append(decimal: index)
        case 2: out.append(decimal: time)
        case 3: out.append(hex: charge.envelopeHash.bytes)
        case 4: out.append(decimal: UInt64(charge.bytes))
        case 5: out.append(text: charge.expiryDay.description)
        case 6: out.append(decimal: charge.price.base)
        case 7: out.append(decimal: charge.price.storage)
        case 8: out.append(decimal: charge.price.congestion)
        case 9: out.append(decimal: charge.price.postage)
        case 10: out.append(decimal: try charge.price.total)
        case 11: out.append(hex: channel.bytes)
        default: out.append(hex: salt.bytes)
        }
    }
}
