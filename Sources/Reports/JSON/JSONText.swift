/// JSON's escapes (RFC 8259).
enum JSONText {
    /// Which characters stand for themselves.
    enum Form {
        /// Those that JSON allows.
        case unicode
        /// Printable ASCII without the characters that mean something in a journal's comment: one line, in any locale,
        /// that starts no tag, list, date or note of its own.
        case journal
    }

    /// The text between the quotes of a JSON string.
    static func escaped(_ text: String, _ form: Form = .unicode) -> String {
        var out = ""
        out.reserveCapacity(text.utf8.count)
        let scalars = text.unicodeScalars
        for (place, scalar) in zip(scalars.indices, scalars) {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f: appendCode(of: scalar, to: &out)
            case _ where form == .journal && isEscapedInJournals(scalar, at: place, of: scalars):
                appendCode(of: scalar, to: &out)
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    /// A JSON string.
    static func quoted(_ text: String) -> String { "\"" + escaped(text) + "\"" }

    private static func isEscapedInJournals(
        _ scalar: Unicode.Scalar, at place: String.Index, of scalars: String.UnicodeScalarView
    ) -> Bool {
        switch scalar {
        // A comma ends a tag's value in hledger, brackets hold a date in hledger and ledger.
        case ",", "[", "]", ";": true
        // Spaces at an end are trimmed.
        case " ": place == scalars.startIndex || scalars.index(after: place) == scalars.endIndex
        default: scalar.value > 0x7e
        }
    }

    private static func appendCode(of scalar: Unicode.Scalar, to out: inout String) {
        for unit in String(scalar).utf16 { appendCode(unit, to: &out) }
    }

    private static func appendCode(_ unit: UInt16, to out: inout String) {
        let digits = String(unit, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
