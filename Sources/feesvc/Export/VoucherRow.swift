/// A voucher that charges of an epoch rest on: a row of `vouchers.csv`.
struct VoucherRow {
    static let form = TableForm(name: "vouchers", columns: ["first_charge", "voucher"])

    /// The first charge that it pays for; the charges of its other items follow in the log.
    let firstCharge: UInt64
    /// Canonical bytes, docs/protocol.md §3.
    let voucher: [UInt8]

    func appendCSV(to out: inout [UInt8]) {
        out.append(decimal: firstCharge)
        out.append(0x2c)
        out.append(hex: voucher)
        out.append(contentsOf: TableForm.csvLineEnd)
    }
}
