import Channels
import Primitives

/// Leaves that share a row: of one kind and time, following one another.
struct LogBlock {
    /// The most leaves of a block: what is read to get at one of them.
    static let countMax = 64

    let firstIndex: UInt64
    let time: UInt64
    let kind: LeafKind
    private(set) var bodies: [[UInt8]]

    /// The blocks of a batch.
    static func blocks(of leaves: [LogLeaf]) -> [LogBlock] {
        var blocks: [LogBlock] = []
        for leaf in leaves {
            if let last = blocks.last, last.takes(leaf) {
                blocks[blocks.count - 1].bodies.append(leaf.body)
            } else {
                blocks.append(LogBlock(firstIndex: leaf.index, time: leaf.time, kind: leaf.kind, bodies: [leaf.body]))
            }
        }
        return blocks
    }

    private func takes(_ leaf: LogLeaf) -> Bool {
        bodies.count < Self.countMax && leaf.kind == kind && leaf.time == time
            && leaf.index == firstIndex + UInt64(bodies.count)
    }

    /// Writes a batch's leaves.
    static func insert(_ leaves: [LogLeaf], _ transaction: Transaction) async throws {
        let blocks = blocks(of: leaves)
        _ = try await transaction.execute(
            """
            INSERT INTO log_blocks (first_index, count, time, kind, bodies) SELECT * FROM unnest( \
            \(blocks.map(\.firstIndex)), \(blocks.map(\.bodies.count)), \(blocks.map(\.time)), \
            \(blocks.map { UInt64($0.kind.rawValue) }), \(blocks.map(\.encoded)))
            """)
    }

    /// `list<bytes body>`.
    var encoded: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.append(list: bodies) { $0.append($1) }
        return encoder.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(CanonicalError) -> [[UInt8]] {
        var decoder = CanonicalDecoder(untagged: bytes)
        let bodies = try decoder.readList(limit: countMax) { decoder throws(CanonicalError) in
            try decoder.readBytes(limit: LogLeaf.bodyBytesMax)
        }
        try decoder.finish()
        return bodies
    }
}
