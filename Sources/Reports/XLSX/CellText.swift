/// Texts as the cells of a workbook hold them.
enum CellText {
    /// The longest text that a cell can hold, in UTF-16 units.
    static let lengthMax = 32_767

    /// Characters that XML can't hold are written `_xHHHH_`, as spreadsheets read them (ECMA-376, ST_Xstring); so is the
    /// underscore of a text that has that form itself.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == underscore || $0 < 0x20 || $0 == 0xef }) else { return text }
        let scalars = Array(text.unicodeScalars)
        var out = String.UnicodeScalarView()
        for (place, scalar) in scalars.enumerated() {
            let isRefused =
                switch scalar.value {
                case 0x09, 0x0a: false
                case 0..<0x20, 0xfffe, 0xffff: true
                case 0x5f: isEscape(scalars[place...].prefix(7))
                default: false
                }
            if isRefused { out.append(contentsOf: code(of: scalar).unicodeScalars) } else { out.append(scalar) }
        }
        return String(out)
    }

    private static func isEscape(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
        let text = scalars.map(\.value)
        return text.count == 7 && text[1] == 0x78 && text[6] == 0x5f
            && text[2..<6].allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0 & 0x5f) }
    }

    private static func code(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "_x" + String(repeating: "0", count: 4 - digits.count) + digits + "_"
    }

    private static let underscore: UInt8 = 0x5f
}
