import Channels
import Primitives

@testable import Node

/// Files of `feesvc node export`.
let exportTargets: [FuzzTarget] = [
    FuzzTarget("export", seeds: { [try exportedFile()] }, run: testExport),
    FuzzTarget(
        "export-records", seeds: { [try exportedRecords().flatMap { recordBytes($0) }] }, run: testExportRecords),
]

/// Input: a whole file.
private func testExport(_ bytes: [UInt8]) {
    guard let records = read(bytes) else { return }
    require(written(records) == bytes, "a file has two forms")
}

/// Input: the records of a block, before which a heading stands; the digest is right.
private func testExportRecords(_ bytes: [UInt8]) {
    guard (1...ExportForm.blockBytes).contains(bytes.count) else { return }
    var digest = SHA256.Stream()
    let file = ExportForm.magic + [UInt8](bytes.count) + bytes
    digest.append(file)
    var reader = ExportReader()
    var offset = 0
    let whole = file + digest.finish().bytes
    let placed = try? reader.next { count in
        defer { offset += count }
        return Array(whole[min(offset, whole.count)..<min(offset + count, whole.count)])
    }
    guard let placed else { return }
    require(placed.flatMap { recordBytes($0.record) } == bytes, "a record has two forms")
    for (place, record) in placed.enumerated() {
        let before = placed[..<place].reduce(ExportForm.magic.count + 4) { $0 + recordBytes($1.record).count }
        require(record.byte == UInt64(before), "a record is said to lie elsewhere")
    }
}

/// The records of a file; `nil` where it is refused, which has to be by a placed fault inside of it.
private func read(_ bytes: [UInt8]) -> [ExportRecord]? {
    var reader = ExportReader()
    var offset = 0
    var records: [ExportRecord] = []
    do {
        while let placed = try reader.next({ count in
            defer { offset = min(offset + count, bytes.count) }
            return Array(bytes[offset..<min(offset + count, bytes.count)])
        }) {
            records += placed.map(\.record)
        }
        return records
    } catch let placed as PlacedFault {
        require(placed.byte <= UInt64(bytes.count), "a fault beyond the file")
        return nil
    } catch {
        violation("\(error) is no fault with a place")
    }
}

private func written(_ records: [ExportRecord]) -> [UInt8] {
    var writer = ExportWriter()
    var bytes = writer.begin()
    for record in records.dropLast() { bytes += writer.append(record) }
    return bytes + writer.finish()
}

private func recordBytes(_ record: ExportRecord) -> [UInt8] {
    [record.kind] + [UInt8](record.body.count) + record.body
}

extension [UInt8] {
    /// A length, as blocks and records begin.
    fileprivate init(_ length: Int) {
        self = (0..<4).map { UInt8(truncatingIfNeeded: length >> (24 - 8 * $0)) }
    }
}

private func exportedFile() throws -> [UInt8] {
    written(try exportedRecords() + [.end(ExportEnd(records: 0, events: 0, bytes: 0))])
}

private func exportedRecords() throws -> [ExportRecord] {
    let genesis = try Genesis(canonicalBytes: try Seeds.form("body 1 genesis"))
    let node = try RegisteredNode(canonicalBytes: try Seeds.form("body 6 node 1"))
    // `bytes event, sig`, as it travels.
    let wire = try Seeds.form("event 1 on the wire")
    let envelope = try Seeds.form("full envelope, payload empty")
    let event = wire + [UInt8](envelope.count) + envelope
    return [
        .heading(
            ExportHeading(genesis: genesis, node: 1, key: node.registration.nodeKey, floor: UTCDay(number: 20_000))),
        .node(node), try ExportRecord(kind: 6, body: wire), try ExportRecord(kind: 7, body: event),
    ]
}
