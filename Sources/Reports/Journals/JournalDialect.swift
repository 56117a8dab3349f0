import Ledger
import Primitives

/// How one tool writes a journal. What is written, and in which order, is the same for all: ``PlainTextJournal``.
protocol JournalDialect: Sendable {
    /// The account's name in the tool. Distinct accounts have distinct names.
    func name(of account: ReportAccount) -> String

    /// What stands before everything: the currency and its precision.
    func appendPreamble(_ scope: ReportScope, _ currency: JournalCurrency, to out: inout ByteText)

    /// Declares an account before it is used first, on `day`.
    func appendDeclaration(of name: String, on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText)

    /// Begins a transaction; postings follow.
    func appendHead(_ head: TransactionHead, to out: inout ByteText)

    /// States each account's balance after `day`.
    func appendAssertions(
        _ balances: [JournalBalance], on day: UTCDay, _ currency: JournalCurrency, to out: inout ByteText)
}

/// A transaction without its postings.
struct TransactionHead {
    /// The day in UTC.
    let day: UTCDay
    /// What happened, one or two words of ours.
    let description: String
    /// The entry's number; `nil` for the opening balances.
    let number: UInt64?
    /// Names and values; the values are one line and mean nothing to a tool.
    let tags: [(name: String, value: String)]
}

/// An account's balance as journals write it: debits are positive.
struct JournalBalance {
    let name: String
    let units: UInt128
    let isNegative: Bool

    init(name: String, account: ReportAccount, balance: Amount) {
        self.name = name
        units = balance.units
        isNegative = !account.isDebit
    }
}

/// The currency as the three tools accept it.
struct JournalCurrency {
    /// What a tool reads after an amount.
    let symbol: String
    /// The same with the quotes that hledger and ledger want around a symbol with digits.
    let quotedSymbol: String
    let scale: UInt8

    /// Letters become capitals, because `h`, `m` and `s` are hours, minutes and seconds to ledger, and beancount has only
    /// capitals. What is neither letter nor digit is left out. What is too short then, or begins with a digit, gets `CUR`
    /// in front.
    init(code: String, scale: UInt8) {
        let kept = code.unicodeScalars.filter {
            $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
        }
        let capitals = String(String.UnicodeScalarView(kept)).uppercased()
        let beginsWithLetter = capitals.unicodeScalars.first.map(\.properties.isAlphabetic) ?? false
        symbol = capitals.count >= 2 && beginsWithLetter ? capitals : "CUR" + capitals
        let isPlain = symbol.unicodeScalars.allSatisfy(\.properties.isAlphabetic)
        quotedSymbol = isPlain ? symbol : "\"\(symbol)\""
        self.scale = scale
    }

    /// One unit of the currency with as many zeros as it has decimals.
    func appendPrecision(to out: inout ByteText) {
        out.append("1")
        guard scale > 0 else { return }
        out.append(".")
        out.append(String(repeating: "0", count: Int(scale)))
    }
}

extension ByteText {
    /// An account, two spaces at least, and an amount with all decimals.
    mutating func append(posting name: String, units: UInt128, isNegative: Bool, scale: UInt8, symbol: String) {
        append("    ")
        append(name)
        append("  ")
        append(units: units, scale: scale, isNegative: isNegative)
        append(" ")
        append(symbol)
    }

    /// The report in comments, for a person who opens the file.
    mutating func append(commentsOn scope: ReportScope) {
        append("; \(JSONText.escaped(scope.title, .journal))\n; log \(scope.logID.hex), \(scope.periodText)")
        append(", Unix time \(scope.from) to \(scope.to), UTC\n")
        if let (what, id) = scope.subject.named { append("; statement of \(what) \(id), tied to the books'\n") }
        if let entries = scope.entries {
            append("; entries \(entries.first.number) (\(entries.first.hash.hex))")
            append(" to \(entries.last.number) (\(entries.last.hash.hex))\n")
        }
        append("; debits are positive; texts are escaped as in JSON; \(scope.scale) decimals, all significant\n\n")
    }
}
