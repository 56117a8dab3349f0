/// What a made-up report is to show.
public enum SampleKind: String, CaseIterable, Sendable {
    /// Totals of at most 15 digits, with opening balances.
    case plain
    /// Amounts of more than 15 digits.
    case wide
    /// Amounts up to 2^128 − 1, without opening balances.
    case huge
    /// Thousands of accounts.
    case many
    /// Texts that mean something to one of the formats.
    case awkward
    /// No entries.
    case quiet
    /// No entries, accounts or rows.
    case empty

    /// The number of operators.
    var operators: Int { self == .many ? 3_000 : 3 }

    /// The largest deposit, in units.
    var depositMax: UInt64 {
        switch self {
        case .wide: 90_000_000_000_000_000
        default: 9_000_000_000
        }
    }
}

/// Texts that mean something to one of the formats.
public enum AwkwardText {
    /// All of them.
    public static let all = [
        "", " ", "  two spaces  around  ", "=1+1", "+1", "-1", "@SUM(1)", "'=1+1", "\t=1", "\r\n=1", "\n", "a\nb",
        "a\r\nb", "a\rb", "\"", "\"\"", "\"; drop", "a,b", "a,\u{301}b", "a\"\u{301}b", "=\u{301}1", "\u{ff1d}1",
        "日本語 ünïcödé 🚀", "\u{feff}bom", "\u{2028}line\u{2029}", "\u{85}next", "\u{a0}nbsp\u{a0}", "\u{202e}right",
        "; comment", "* 2024-01-01", "[2024-01-01]", "[=2024-01-01]", "date:2020-01-01", "reference: x, entry: 9",
        ":a:b:", "a:: 1 + 1", "2024-01-01 open Assets:Evil USD", "\n2024-01-01 * \"x\"\n  Assets:Evil  1 USD",
        "\\", "\\n", "\\u0041", "\\\"", "_x0041_", "_x000D_", "_x", "\u{0}", "a\u{0}b", "\u{1}\u{1f}\u{7f}",
        "\u{fffe}\u{ffff}",
        "</t></is></c>", "&amp;<b>]]>", "{\"a\":1}", "%2C%0A", "(12)", "|", "  assets:custody  1 USD", "1 USD = 5 USD",
        "include /etc/passwd", "\ninclude x", "end comment", "a  ; b", "#tag ^link", "a|b",
        "\u{1F468}\u{200D}\u{1F469}",
    ]
}
