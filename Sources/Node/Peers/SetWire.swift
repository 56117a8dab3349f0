import Primitives

extension WireWriter {
    /// Seven bits a byte, lowest first, the highest bit set on all but the last.
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }

    /// `u32 floor, u64 count, b32 root`.
    mutating func append(_ state: SetState) {
        append(state.floor.number)
        append(state.count)
        append(state.root)
    }

    /// A count, then for each range by how much its originator is above the last one's, how many places were left out before it,
    /// and its length less one.
    mutating func append(_ ranges: [PlaceRange]) {
        var place = PlaceGaps()
        append(list: ranges) { writer, range in
            let (originator, gap) = place.gap(before: range)
            writer.append(varint: originator)
            writer.append(varint: gap)
            writer.append(varint: range.count - 1)
        }
    }

    /// `varint count` (zigzag), `u64 hashes, b32 ids`.
    mutating func append(_ cell: SketchCell) {
        append(varint: UInt64(bitPattern: cell.count << 1 ^ cell.count >> 63))
        append(cell.hashes)
        append(cell.ids)
    }

    /// `varint count`, and the hash where the count is not 0.
    mutating func append(_ node: TreeNode) {
        append(varint: node.count)
        if node.count > 0 { append(node.hash) }
    }

    /// `u8 digits, u64 prefix`.
    mutating func append(_ path: TreePath) {
        append(UInt8(path.digits))
        append(path.prefix)
    }

    /// `1` and sixteen nodes, or `0` and ids.
    mutating func append(_ content: TreeContent) {
        switch content {
        case .branch(let children):
            append(1 as UInt8)
            for child in children { append(child) }
        case .leaf(let ids):
            append(0 as UInt8)
            append(list: ids) { $0.append($1) }
        }
    }
}

extension WireReader {
    /// A varint in its shortest form.
    mutating func varint() throws(FrameError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0 as UInt64, through: 63, by: 7) {
            let byte = try uint8()
            let bits = UInt64(byte & 0x7f)
            guard shift < 63 || bits <= 1, byte != 0 || shift == 0 else { throw .field("varint") }
            value |= bits << shift
            if byte < 0x80 { return value }
        }
        throw .field("varint")
    }

    mutating func state() throws(FrameError) -> SetState {
        SetState(floor: UTCDay(number: try uint32()), count: try uint64(), root: try bytes32())
    }

    mutating func sipHash() throws(FrameError) -> SipHash {
        guard let key = SipHash(key: try raw(SipHash.keyBytes)) else { throw .field("key") }
        return key
    }

    /// Ranges that ascend and don't touch, of originators and sequences in their limits.
    mutating func ranges(limit: Int) throws(FrameError) -> [PlaceRange] {
        var place = PlaceGaps()
        return try list(limit: limit, elementBytes: 3) { reader throws(FrameError) in
            let range = place.range(
                originator: try reader.varint(), gap: try reader.varint(), length: try reader.varint())
            guard let range else { throw .field("places") }
            return range
        }
    }

    mutating func cell() throws(FrameError) -> SketchCell {
        let count = try varint()
        return SketchCell(
            count: Int64(bitPattern: count >> 1) ^ -Int64(bitPattern: count & 1), hashes: try uint64(),
            ids: try bytes32())
    }

    mutating func node() throws(FrameError) -> TreeNode {
        let count = try varint()
        return TreeNode(count: count, hash: count > 0 ? try bytes32() : .zero)
    }

    mutating func path() throws(FrameError) -> TreePath {
        guard let path = TreePath(digits: Int(try uint8()), prefix: try uint64()) else { throw .field("path") }
        return path
    }

    mutating func content() throws(FrameError) -> TreeContent {
        switch try uint8() {
        case 0:
            let ids = try ids(limit: IDTree.leafMax)
            guard zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .field("ids") }
            return .leaf(ids)
        case 1:
            var children: [TreeNode] = []
            for _ in 0..<16 { children.append(try node()) }
            return .branch(children)
        default: throw .field("content")
        }
    }
}

/// Where the last range of a list ended.
private struct PlaceGaps {
    private static let sequenceMax = UInt64(Int64.max)
    private var originator: UInt64 = 0
    private var next: UInt64 = 1

    /// What stands for a range in the list.
    mutating func gap(before range: PlaceRange) -> (originator: UInt64, gap: UInt64) {
        let step = UInt64(range.originator) - originator
        if step > 0 { next = 1 }
        defer {
            originator = UInt64(range.originator)
            next = range.sequences.upperBound + 1
        }
        return (step, range.sequences.lowerBound - next)
    }

    /// The range that stands for in a list; `nil` where there can be none.
    mutating func range(originator step: UInt64, gap: UInt64, length: UInt64) -> PlaceRange? {
        let isFirst = step > 0 || next == 1
        if step > 0 { next = 1 }
        guard let number = UInt32(exactly: originator.addingReportingOverflow(step).partialValue), step <= UInt32.max,
            isFirst || gap > 0, gap <= Self.sequenceMax, length < Self.sequenceMax,
            next + gap <= Self.sequenceMax, next + gap + length <= Self.sequenceMax
        else { return nil }
        let first = next + gap
        originator = UInt64(number)
        next = first + length + 1
        return PlaceRange(originator: number, sequences: first...first + length)
    }
}
