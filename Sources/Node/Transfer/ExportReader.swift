import Primitives

/// A record and the byte of the file at which it begins.
struct PlacedRecord: Hashable, Sendable {
    let byte: UInt64
    let record: ExportRecord
}

/// Reads a file that ``ExportWriter`` wrote, a block at a time, and nothing of a block before its digest was found right.
///
/// Strict: what the writer would not have written in the same bytes is refused. At most one block is in memory.
struct ExportReader {
    private var digest = SHA256.Stream()
    private var byte: UInt64 = 0
    private var last: UInt8 = 0
    private var records: UInt64 = 0
    private var events: UInt64 = 0
    private var hasBegun = false

    /// How many bytes were read.
    var byteCount: UInt64 { byte }

    /// The next block's records; `nil` after the end. `read` returns as many bytes as are asked for, fewer at the file's end.
    mutating func next(_ read: (Int) throws -> [UInt8]) throws -> [PlacedRecord]? {
        if !hasBegun {
            try begin(with: try read(ExportForm.magic.count))
            hasBegun = true
        }
        let begin = byte
        guard last != 10 else {
            guard try read(1).isEmpty else { throw PlacedFault(byte: byte, fault: .trailing) }
            return nil
        }
        var head = WireReader(try exactly(4, read))
        let length = Int(try head.uint32())
        guard (1...ExportForm.blockBytesMax).contains(length) else {
            throw PlacedFault(
                byte: begin, fault: .blockLength(limit: ExportForm.blockBytesMax, found: length))
        }
        let content = try exactly(length, read)
        let expected = digest
        let found = try exactly(32, read)
        guard expected.finish().bytes == found else {
            throw PlacedFault(byte: byte - 32, fault: .changed(since: begin))
        }
        return try parse(content, from: begin + 4, block: begin)
    }

    private mutating func begin(with magic: [UInt8]) throws(PlacedFault) {
        guard magic == ExportForm.magic else {
            if magic.count > 0, ExportForm.magic.starts(with: magic) {
                throw PlacedFault(byte: UInt64(magic.count), fault: .truncated)
            }
            let name = String(decoding: magic.prefix { $0 > 32 && $0 < 127 }, as: UTF8.self)
            let isOurs = name.hasPrefix("feesvc-export/") && name != ExportForm.name
            throw PlacedFault(byte: 0, fault: isOurs ? .version(name) : .notAnExport)
        }
        take(magic)
    }

    private mutating func exactly(_ count: Int, _ read: (Int) throws -> [UInt8]) throws -> [UInt8] {
        let some = try read(count)
        guard some.count == count else {
            throw PlacedFault(byte: byte + UInt64(some.count), fault: .truncated)
        }
        take(some)
        return some
    }

    private mutating func take(_ some: [UInt8]) {
        digest.append(some)
        byte += UInt64(some.count)
    }

    private mutating func parse(
        _ content: [UInt8], from start: UInt64, block: UInt64
    ) throws(PlacedFault) -> [PlacedRecord] {
        var reader = WireReader(content)
        var placed: [PlacedRecord] = []
        var offset = 0
        while offset < content.count {
            let place = start + UInt64(offset)
            do throws(ExportFault) {
                let (kind, body) = try Self.cut(&reader)
                try order(kind, isFirstOfBlock: offset == 0)
                let record = try ExportRecord(kind: kind, body: body)
                try count(record, block: block)
                placed.append(PlacedRecord(byte: place, record: record))
                offset += 5 + body.count
            } catch {
                throw PlacedFault(byte: place, fault: error)
            }
        }
        guard last != 10 || placed.count == 1 else { throw PlacedFault(byte: start, fault: .order(kind: 10)) }
        return placed
    }

    private static func cut(_ reader: inout WireReader) throws(ExportFault) -> (UInt8, [UInt8]) {
        do throws(FrameError) {
            return (try reader.uint8(), try reader.bytes(limit: ExportRecord.bodyBytesMax))
        } catch {
            throw .record(kind: 0, reason: "\(error)")
        }
    }

    /// Kinds ascend from the heading on, and the end has a block of its own.
    private mutating func order(_ kind: UInt8, isFirstOfBlock: Bool) throws(ExportFault) {
        guard (1...10).contains(kind) else { throw .kind(kind) }
        guard last == 0 ? kind == 1 : kind >= last, kind != last || !ExportRecord.isSingle(kind),
            kind != 10 || isFirstOfBlock
        else { throw .order(kind: kind) }
        last = kind
    }

    private mutating func count(_ record: ExportRecord, block: UInt64) throws(ExportFault) {
        switch record {
        case .event: events += 1
        case .end(let end):
            guard end.records == records else {
                throw .count(of: "records", expected: end.records, found: records)
            }
            guard end.events == events else { throw .count(of: "events", expected: end.events, found: events) }
            guard end.bytes == block else { throw .count(of: "bytes", expected: end.bytes, found: block) }
        default: break
        }
        records += 1
    }
}
