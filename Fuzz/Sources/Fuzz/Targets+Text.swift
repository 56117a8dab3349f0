import Ledger
import Primitives

/// Values that are read from text: JSON, query strings, files.
let textTargets: [FuzzTarget] = [
    FuzzTarget(
        "hex",
        seeds: {
            let domain = try Vector.file(.protocol)["domain"]
            return Seeds.texts(
                "0x", "0x00ff", try domain["separator"].text, try domain["verifyingContract"].text,
                String(repeating: "0", count: 64), "0X00FF")
        }, run: testHex),
    FuzzTarget(
        "decimal",
        seeds: {
            Seeds.texts(
                "0", "1", "10", "00", "39851680", String(UInt128.max), "340282366920938463463374607431768211456",
                "115792089237316195423570985008687907853269984665640564039457584007913129639935",
                "115792089237316195423570985008687907853269984665640564039457584007913129639936")
        }, run: testDecimal),
    FuzzTarget(
        "account",
        seeds: {
            let id = try Vector.file(.protocol)["domain"]["separator"].text
            let address = try Vector.file(.protocol)["domain"]["verifyingContract"].text
            return Seeds.texts(
                "custody", "protocol", "app-shares", "dust", "channel:\(id)", "held:base", "held:storage",
                "held:postage", "pool:1", "rewards:\(address)", "stake:\(address)", "unbonding:\(address)",
                "payable:\(address)")
        }
    ) {
        let text = String(decoding: $0, as: UTF8.self)
        guard let account = LedgerAccount(name: text) else { return }
        require(account.name.utf8.elementsEqual(text.utf8), "an account has two names")
    },
]

private func testHex(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let value = Hex.decode(text)
    if let value { require("0x" + Hex.encode(value) == text, "bytes have two texts") }
    require(Bytes32(hex: text)?.bytes == (value?.count == 32 ? value : nil), "32 bytes are read otherwise")
    require(Address(hex: text)?.bytes == (value?.count == 20 ? value : nil), "an address is read otherwise")
    if let address = Address(hex: text) {
        require(address.checksummed.lowercased() == text, "a checksum changes an address")
    }
}

private func testDecimal(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let expected = UInt128(text).flatMap { String($0) == text ? $0 : nil }
    require(Amount(decimal: text)?.units == expected, "an amount is not the standard library's")
    guard let word = Bytes32(decimal: text) else {
        require(expected == nil, "a word refuses what an amount takes")
        return
    }
    require(decimal(word) == text, "a word has two texts")
}

/// The base-10 digits of a word, by long division.
private func decimal(_ word: Bytes32) -> String {
    var rest = word.bytes
    var digits: [UInt8] = []
    repeat {
        var remainder = 0
        for place in rest.indices {
            let value = remainder << 8 | Int(rest[place])
            rest[place] = UInt8(value / 10)
            remainder = value % 10
        }
        digits.append(0x30 + UInt8(remainder))
    } while rest.contains { $0 != 0 }
    return String(decoding: digits.reversed(), as: UTF8.self)
}
