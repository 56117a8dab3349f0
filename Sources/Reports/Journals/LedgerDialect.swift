import Ledger
import Primitives

/// ledger-cli 3.3. Accounts and tags are declared, so that `--strict --pedantic` accepts the journal.
///
/// Its assertions hold where they stand in the file, whatever their date: the closing balances are the last transaction.
struct LedgerDialect: JournalDialect {
    func name(of account: ReportAccount) -> String { account.lowerCaseJournalName }

    func appendPreamble(_ scope: ReportScope, _ currency: JournalCurrency, to out: inout ByteText) {
        out.append("commodity \(currency.quotedSymbol)\n    format ")
        currency.appendPrecision(to: &out)
        out.append(" \(currency.quotedSymbol)\n\n")
        for tag in PlainTextJournal.tagNames { out.append("tag \(tag)\n") }
    }

    func appendDeclaration(of name: String, on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText) {
        out.append("account \(name)\n")
    }

    func appendHead(_ head: TransactionHead, to out: inout ByteText) {
        out.append("\n\(head.day) * ")
        if let number = head.number { out.append("(\(number)) ") }
        out.append("\(head.description)\n")
        for tag in head.tags { out.append("    ; \(tag.name): \(tag.value)\n") }
    }

    func appendAssertions(
        _ balances: [JournalBalance], on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText
    ) {
        appendHead(
            TransactionHead(day: day, description: "closing", number: nil, tags: [("closing", "balances")]), to: &out)
        for balance in balances { out.append(zeroPostingTo: balance, currency) }
    }
}
