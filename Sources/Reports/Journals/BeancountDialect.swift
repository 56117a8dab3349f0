import Ledger
import Primitives

/// beancount 2.3. Transactions tolerate half of the last digit, less than one unit, because every amount has all decimals.
struct BeancountDialect: JournalDialect {
    /// Sums from here on have more digits than beancount computes with (Python's decimals, 28 digits): it would refuse
    /// what is right, and might accept what is wrong.
    static let sumLimit = Amount(10_000_000_000_000_000_000_000_000_000)

    /// Every part begins with a capital or a digit: `Liabilities:App-Shares`, `Liabilities:Rewards:0x…`.
    func name(of account: ReportAccount) -> String {
        let parts = account.name.split(separator: ":").map { part in
            part.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
        }
        return ([account.root.rawValue] + parts).joined(separator: ":")
    }

    func appendPreamble(_ scope: ReportScope, _ currency: JournalCurrency, to out: inout ByteText) {
        out.append("option \"title\" \(Self.quoted(JSONText.escaped(scope.title, .journal)))\n")
        out.append("option \"operating_currency\" \"\(currency.symbol)\"\n\n")
        out.append("\(scope.firstDay) commodity \(currency.symbol)\n  decimals: \(currency.scale)\n")
    }

    func appendDeclaration(of name: String, on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText) {
        out.append("\(day) open \(name) \(currency.symbol)\n")
    }

    func appendHead(_ head: TransactionHead, to out: inout ByteText) {
        out.append("\n\(head.day) * \"\(head.description)\"\n")
        for tag in head.tags { out.append("  \(tag.name): \(Self.quoted(tag.value))\n") }
    }

    /// beancount looks at a balance at its day's beginning, and without `~ 0` it tolerates one unit of the last digit.
    func appendAssertions(
        _ balances: [JournalBalance], on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText
    ) {
        out.append("\n")
        for balance in balances {
            out.append("\(day.next) balance \(balance.name)  ")
            out.append(units: balance.units, scale: currency.scale, isNegative: balance.isNegative)
            out.append(" ~ 0 \(currency.symbol)\n")
        }
    }

    /// A string of beancount; its own escapes are taken off again by beancount.
    private static func quoted(_ text: String) -> String {
        // Most texts need no escape, and looking for one character by character takes longer than all the rest.
        guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x5c }) else { return "\"\(text)\"" }
        return "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
