import Primitives

/// Turns records into the bytes of a file, a block at a time: `u32 length, records, b32 SHA-256 of all bytes before`.
struct ExportWriter {
    private var block = WireWriter()
    private var blockRecords = 0
    private var digest = SHA256.Stream()
    private var records: UInt64 = 0
    private var events: UInt64 = 0
    private var bytes: UInt64 = 0

    /// How many records were taken.
    var recordCount: UInt64 { records }
    /// How many of them are events.
    var eventCount: UInt64 { events }
    /// How many bytes were given out.
    var byteCount: UInt64 { bytes }

    /// The file's first bytes.
    mutating func begin() -> [UInt8] { out(ExportForm.magic) }

    /// Takes a record; returns bytes to be written where a block is full, else none.
    mutating func append(_ record: ExportRecord) -> [UInt8] {
        block.append(record.kind)
        block.append(record.body)
        blockRecords += 1
        records += 1
        if case .event = record { events += 1 }
        return block.bytes.count >= ExportForm.blockBytes || blockRecords >= ExportForm.blockRecordsMax ? close() : []
    }

    /// The rest of the file, its end included.
    mutating func finish() -> [UInt8] {
        let rest = close()
        let end = ExportEnd(records: records, events: events, bytes: bytes)
        return rest + append(.end(end)) + close()
    }

    private mutating func close() -> [UInt8] {
        guard blockRecords > 0 else { return [] }
        var head = WireWriter()
        head.append(UInt32(block.bytes.count))
        let content = out(head.bytes + block.bytes)
        block = WireWriter()
        blockRecords = 0
        let soFar = digest
        return content + out(soFar.finish().bytes)
    }

    private mutating func out(_ some: [UInt8]) -> [UInt8] {
        digest.append(some)
        bytes += UInt64(some.count)
        return some
    }
}
