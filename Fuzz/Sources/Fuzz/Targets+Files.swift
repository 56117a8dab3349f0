import CZlib
import Channels
import Foundation
import Primitives
import Rewards

@testable import feesvc

/// Files that come from somebody else: a trace, an exported epoch.
let fileTargets: [FuzzTarget] = [
    FuzzTarget(
        "gzip", memory: .init(fixed: 1 << 20, perByte: 32),
        seeds: { Seeds.texts("", trace).map(gzipped) + [deflated] }, run: testGzip),
    FuzzTarget("trace", memory: .init(fixed: 1 << 20, perByte: 512), seeds: { Seeds.texts(trace) }, run: testTrace),
    FuzzTarget(
        "csv", memory: .init(fixed: 1 << 18, perByte: 256),
        seeds: { Seeds.texts("file,sha256\r\nlog.csv,0x00\r\n", "file,sha256\r\n\"a\"\"b,c\",d\r\n") }, run: testCSV),
    FuzzTarget("leaves-csv", memory: .init(fixed: 1 << 18, perByte: 512), seeds: leafSeeds, run: testLeaves),
    FuzzTarget("held-csv", memory: .init(fixed: 1 << 18, perByte: 512), seeds: heldSeeds, run: testHeld),
    FuzzTarget("head-csv", memory: .init(fixed: 1 << 18, perByte: 256), seeds: headSeeds) {
        _ = try? InputFiles.head($0)
    },
]

private let trace = "sent_at,sender,stream,topic,bytes\n1704067200,1,2,3,40\n1704067260,2,2,3,1048576\n"

/// The trace as `gzip -9n` has it.
private let deflated: [UInt8] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xff, 0x3d, 0xc8, 0x31, 0x12, 0x80, 0x20, 0x0c, 0x04,
    0xc0, 0x9e, 0xb7, 0x5c, 0x71, 0x20, 0x06, 0x7f, 0xe3, 0xa0, 0xa6, 0xb0, 0x10, 0x1d, 0x92, 0xc6, 0xdf, 0xab,
    0x8d, 0x5b, 0xae, 0x69, 0xf3, 0xb9, 0x3a, 0x4c, 0xdb, 0xa6, 0x1d, 0xe6, 0x5d, 0xeb, 0x01, 0x3f, 0xaf, 0x7d,
    0xc5, 0x72, 0xbb, 0x5a, 0x88, 0x85, 0x99, 0x52, 0x12, 0x89, 0x88, 0x84, 0x01, 0x99, 0xff, 0x09, 0xdf, 0xf9,
    0x2e, 0x32, 0x4f, 0x63, 0x91, 0xf0, 0x00, 0x32, 0x4b, 0xb2, 0x61, 0x4f, 0x00, 0x00, 0x00,
]

/// Wraps a content into gzip without compressing it (RFC 1951, section 3.2.4), its checksum right.
private func gzipped(_ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]
    var rest = content[...]
    repeat {
        let block = rest.prefix(0xffff)
        rest = rest.dropFirst(block.count)
        let count = UInt16(block.count)
        bytes.append(rest.isEmpty ? 1 : 0)
        withUnsafeBytes(of: count.littleEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: (~count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: block)
    } while !rest.isEmpty
    let checksum = UInt32(crc32(0, content, UInt32(content.count)))
    withUnsafeBytes(of: checksum.littleEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(content.count).littleEndian) { bytes.append(contentsOf: $0) }
    return bytes
}

private func testGzip(_ bytes: [UInt8]) {
    let limit = 1 << 16
    if let content = try? Gzip.inflate(bytes, limit: limit) {
        require(content.count <= limit, "\(content.count) bytes were inflated")
    }
    let back = try? Gzip.inflate(gzipped(bytes), limit: bytes.count)
    require(back == bytes, "a content is another once it was wrapped and read")
    if !bytes.isEmpty {
        let cut = try? Gzip.inflate(gzipped(bytes), limit: bytes.count - 1)
        require(cut == nil, "more than the limit was inflated")
    }
}

/// Input: what a trace holds once it is inflated.
private func testTrace(_ bytes: [UInt8]) {
    let path = "/dev/shm/feesvc-fuzz-\(getpid())"
    defer { unlink(path) }
    do {
        try Data(gzipped(bytes)).write(to: URL(filePath: path))
        let messages = try Trace(path: path).messages
        require(!messages.isEmpty, "an empty trace was read")
        let isOrdered = zip(messages, messages.dropFirst()).allSatisfy { $0.sentAt <= $1.sentAt }
        require(isOrdered, "time goes back")
        require(messages.allSatisfy { (0...EnvelopeHead.payloadBytesMax).contains($0.bytes) }, "a payload is too large")
    } catch {
        require(error is OperatorError, "a trace was refused by \(error)")
    }
}

private func testCSV(_ bytes: [UInt8]) {
    do {
        let file = try CSVFile(bytes, columns: ["file", "sha256"], name: "manifest.csv")
        require(file.rows.allSatisfy { $0.count == 2 }, "a row has another number of fields")
    } catch {
        require(error is AuditDifference, "a table was refused by \(error)")
    }
}

@Sendable private func leafSeeds() throws -> [[UInt8]] {
    [LeafRow.csv([]), LeafRow.csv(try Seeds.forms(named: "leaf ").prefix(6).map(LogLeaf.init(canonicalBytes:)))]
}

private func testLeaves(_ bytes: [UInt8]) {
    do {
        let leaves = try InputFiles.leaves(bytes, file: "log.csv")
        require(LeafRow.csv(leaves) == bytes, "leaves have two files")
    } catch {
        require(error is AuditDifference, "leaves were refused by \(error)")
    }
}

@Sendable private func heldSeeds() throws -> [[UInt8]] {
    [OpenCharge.csv([]), OpenCharge.csv(try AuditInput.laterSample().charges)]
}

private func testHeld(_ bytes: [UInt8]) {
    do {
        var charges: [OpenCharge] = []
        let source = AuditSource(name: "held.csv", content: .bytes(bytes))
        try InputFiles.forEachHeld(source) { charges.append($0) }
        require(OpenCharge.csv(charges) == bytes, "held charges have two files")
    } catch {
        require(error is AuditDifference, "held charges were refused by \(error)")
    }
}

@Sendable private func headSeeds() throws -> [[UInt8]] {
    let head = try Receipt(canonicalBytes: try Seeds.form("receipt")).head
    return Seeds.texts("head,signature\r\n0x\(Hex.encode(head.head.canonicalBytes)),\(head.signature.hex)\r\n")
}
