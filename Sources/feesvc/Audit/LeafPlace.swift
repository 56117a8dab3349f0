import Channels

/// Where in a log something is checked. An epoch has millions of leaves, nearly all of them good: the text is made only
/// where one differs.
struct LeafPlace: CustomStringConvertible {
    let index: UInt64
    let kind: LeafKind

    init(_ leaf: LogLeaf) {
        index = leaf.index
        kind = leaf.kind
    }

    var description: String { "log.csv, leaf \(index) (\(kind))" }
}
