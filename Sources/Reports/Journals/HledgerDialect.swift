import Ledger
import Primitives

/// hledger 1.25 and later. `hledger check -s` refuses an error of one unit.
struct HledgerDialect: JournalDialect {
    func name(of account: ReportAccount) -> String { account.lowerCaseJournalName }

    /// The commodity directive holds every decimal: with fewer, hledger before 2025 balances to fewer.
    func appendPreamble(_ scope: ReportScope, _ currency: JournalCurrency, to out: inout ByteText) {
        out.append("decimal-mark .\ncommodity ")
        currency.appendPrecision(to: &out)
        // The directive wants a decimal mark, even where nothing follows it.
        if currency.scale == 0 { out.append(".") }
        out.append(" \(currency.quotedSymbol)\n")
    }

    func appendDeclaration(of name: String, on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText) {
        out.append("account \(name)\n")
    }

    func appendHead(_ head: TransactionHead, to out: inout ByteText) {
        out.append("\n\(head.day) * ")
        if let number = head.number { out.append("(\(number)) ") }
        out.append("\(head.description)\n    ; ")
        for (place, tag) in head.tags.enumerated() {
            out.append("\(place == 0 ? "" : ", ")\(tag.name): \(tag.value)")
        }
        out.append("\n")
    }

    func appendAssertions(
        _ balances: [JournalBalance], on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText
    ) {
        appendHead(
            TransactionHead(day: day, description: "closing", number: nil, tags: [("closing", "balances")]), to: &out)
        for balance in balances { out.append(zeroPostingTo: balance, currency) }
    }
}

extension ReportAccount {
    /// The ledger's own name below one of the five roots.
    var lowerCaseJournalName: String { root.rawValue.lowercased() + ":" + name }
}

extension ByteText {
    /// A posting of nothing that asserts the balance, in the form that hledger and ledger share.
    mutating func append(zeroPostingTo balance: JournalBalance, _ currency: JournalCurrency) {
        append(
            posting: balance.name, units: 0, isNegative: false, scale: currency.scale, symbol: currency.quotedSymbol)
        append(" = ")
        append(units: balance.units, scale: currency.scale, isNegative: balance.isNegative)
        append(" \(currency.quotedSymbol)\n")
    }
}
