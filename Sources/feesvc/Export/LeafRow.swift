import Channels
import Primitives

/// A leaf of the log, as `log.csv` and `seal.csv` have it.
enum LeafRow {
    static let form = TableForm(name: "log", columns: ["index", "time", "kind", "body"])

    static func appendCSV(_ leaf: LogLeaf, to out: inout [UInt8]) {
        out.append(decimal: leaf.index)
        out.append(0x2c)
        out.append(decimal: leaf.time)
        out.append(0x2c)
        out.append(decimal: UInt64(leaf.kind.rawValue))
        out.append(0x2c)
        out.append(hex: leaf.body)
        out.append(contentsOf: TableForm.csvLineEnd)
    }

    /// A file of some of them, for one that is small.
    static func csv(_ leaves: [LogLeaf]) -> [UInt8] {
        var out = form.csvStart
        for leaf in leaves { appendCSV(leaf, to: &out) }
        return out
    }
}
