import Channels
import Primitives

/// A leaf of an exported log with what takes time to compute: its hash and, where it is one, its charge.
struct ReadLeaf {
    let leaf: LogLeaf
    let hash: Bytes32
    /// `nil` also where the body of a charge can't be read.
    let charge: Charge?

    init(_ leaf: LogLeaf) {
        self.leaf = leaf
        hash = leaf.hash
        charge = (try? leaf.charge()).flatMap { $0 }
    }

    /// Reads a line of `log.csv` or `seal.csv`, without its line feed; `nil` where it is no leaf in its one form.
    static func leaf(_ line: UnsafeRawBufferPointer) -> LogLeaf? {
        var scanner = LineScanner(line)
        guard let index = scanner.unsigned(), scanner.comma(), let time = scanner.unsigned(), scanner.comma(),
            let number = scanner.unsigned(), scanner.comma(),
            let kind = UInt16(exactly: number).flatMap(LeafKind.init(rawValue:)),
            let body = scanner.hex(), scanner.isAtEnd
        else { return nil }
        return LogLeaf(index: index, time: time, kind: kind, body: body)
    }
}

/// Reads a log in parts that fit into memory, and hands its leaves on in order.
enum LogWalk {
    private static let leavesLeast = 128

    /// Reads all leaves, on every processor.
    static func forEachPart(_ source: AuditSource, _ body: ([ReadLeaf]) throws -> Void) throws {
        try forEachPart(source, reading: ReadLeaf.init, body)
    }

    /// Reads all leaves, and what `read` makes of them, on every processor.
    static func forEachPart<Value: Sendable>(
        _ source: AuditSource, reading read: @Sendable (LogLeaf) -> Value, _ body: ([Value]) throws -> Void
    ) throws {
        try forEachBlock(source) { block, lines in
            let parts = try Parallel.map(lines.count, least: leavesLeast) { range in
                try block.bytes.withUnsafeBytes { bytes in
                    try range.map { read(try leaf(lines.lowerBound + $0, of: block, bytes, source)) }
                }
            }
            for part in parts { try body(part) }
        }
    }

    /// Reads leaves one by one; those of other kinds than `kinds` are passed over.
    static func forEachLeaf(
        _ source: AuditSource, of kinds: Set<LeafKind>? = nil, _ body: (LogLeaf) throws -> Void
    ) throws {
        let numbers = kinds.map { Set($0.map { UInt64($0.rawValue) }) }
        try forEachBlock(source) { block, lines in
            let parts = try Parallel.map(lines.count, least: leavesLeast) { range in
                try block.bytes.withUnsafeBytes { bytes in
                    try range.compactMap { place -> LogLeaf? in
                        let line = lines.lowerBound + place
                        if let numbers {
                            let kind = Self.kind(UnsafeRawBufferPointer(rebasing: bytes[block.lines[line]]))
                            guard let kind, numbers.contains(kind) else { return nil }
                        }
                        return try leaf(line, of: block, bytes, source)
                    }
                }
            }
            for part in parts { for leaf in part { try body(leaf) } }
        }
    }

    private static func kind(_ line: UnsafeRawBufferPointer) -> UInt64? {
        var scanner = LineScanner(line)
        guard scanner.unsigned() != nil, scanner.comma(), scanner.unsigned() != nil, scanner.comma() else { return nil }
        return scanner.unsigned()
    }

    private static func leaf(
        _ line: Int, of block: LineBlock, _ bytes: UnsafeRawBufferPointer, _ source: AuditSource
    ) throws -> LogLeaf {
        guard let leaf = ReadLeaf.leaf(UnsafeRawBufferPointer(rebasing: bytes[block.lines[line]])) else {
            throw AuditDifference(
                "\(source.name), line \(block.firstNumber + line)", "leaf", expected: "index,time,kind,0x…",
                found: block.text(line))
        }
        return leaf
    }

    /// Hands on blocks with the lines in them that stand below the columns' names.
    private static func forEachBlock(_ source: AuditSource, _ body: (LineBlock, Range<Int>) throws -> Void) throws {
        var blocks = try LineBlocks(source)
        var isFirst = true
        while let block = try blocks.next() {
            if isFirst, Array(block.bytes[block.lines[0]]) + [0x0a] != LeafRow.form.csvStart { break }
            try body(block, (isFirst ? 1 : 0)..<block.lines.count)
            isFirst = false
        }
        guard !isFirst else {
            throw AuditDifference(source.name, "first line", expected: "index,time,kind,body", found: "another")
        }
    }
}
