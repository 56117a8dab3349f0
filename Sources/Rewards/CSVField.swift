/// What a text needs as a field of CSV (RFC 4180) that a spreadsheet may open.
///
/// Scalars are looked at and not characters: a comma or a quote followed by a combining accent is another character, and
/// still ends a field.
public enum CSVField {
    /// What a spreadsheet begins a formula with, also in full width, or skips in front of one.
    private static let guarded: Set<Unicode.Scalar> = [
        "=", "+", "-", "@", "\t", "\r", "\n", "'", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}",
    ]

    /// Whether an apostrophe has to stand in front, so that a spreadsheet takes the text for one. A text that begins with an
    /// apostrophe gets another: whoever takes one away has the text as it was.
    public static func isGuarded(_ text: String) -> Bool {
        text.unicodeScalars.first.map(guarded.contains) ?? false
    }

    /// Whether the field stands in quotes, with each quote in it doubled.
    public static func isQuoted(_ text: String) -> Bool {
        text.utf8.contains { $0 == 0x2c || $0 == 0x22 || $0 == 0x0a || $0 == 0x0d }
    }
}
