import Channels
import Foundation
import Primitives

/// Reads the input files of an audit strictly.
enum InputFiles {
    /// The leaves in `seal.csv`, or in a log that fits into memory.
    static func leaves(_ bytes: [UInt8], file: String) throws -> [LogLeaf] {
        var leaves: [LogLeaf] = []
        let source = AuditSource(name: file, content: .bytes(bytes))
        try LogWalk.forEachLeaf(source) { leaves.append($0) }
        return leaves
    }

    /// The charges in `held.csv`, one by one.
    static func forEachHeld(_ source: AuditSource, _ body: (OpenCharge) throws -> Void) throws {
        var blocks = try LineBlocks(source)
        var isFirst = true
        while let block = try blocks.next() {
            if isFirst, Array(block.bytes[block.lines[0]]) + [0x0a] != OpenCharge.form.csvStart { break }
            try block.bytes.withUnsafeBytes { bytes in
                for line in (isFirst ? 1 : 0)..<block.lines.count {
                    guard let charge = held(UnsafeRawBufferPointer(rebasing: bytes[block.lines[line]])) else {
                        throw AuditDifference(
                            "\(source.name), line \(block.firstNumber + line)", "charge",
                            expected: OpenCharge.form.columns.joined(separator: ","), found: block.text(line))
                    }
                    try body(charge)
                }
            }
            isFirst = false
        }
        guard !isFirst else {
            throw AuditDifference(
                source.name, "first line", expected: OpenCharge.form.columns.joined(separator: ","), found: "another")
        }
    }

    private static func held(_ line: UnsafeRawBufferPointer) -> OpenCharge? {
        var scanner = LineScanner(line)
        guard let charge = scanner.unsigned(), scanner.comma(), let epoch = scanner.unsigned(), scanner.comma() else {
            return nil
        }
        guard let base = scanner.optional({ $0.amount() }), scanner.comma(),
            let congestion = scanner.optional({ $0.amount() })
        else { return nil }
        guard scanner.comma(), let expiryDay = scanner.unsigned().flatMap(UInt32.init(exactly:)), scanner.comma(),
            let perDay = scanner.amount(), scanner.comma()
        else { return nil }
        guard let postage = scanner.optional({ $0.amount() }), scanner.comma(),
            let due = scanner.optional({ $0.unsigned() }), scanner.comma(),
            let shard = scanner.unsigned().flatMap(UInt16.init(exactly:))
        else { return nil }
        // A base without congestion, or a window's end that is missing, would be another state than any replay reaches.
        guard scanner.isAtEnd, (base == nil) == (congestion == nil), postage == nil || due != nil else { return nil }
        return OpenCharge(
            charge: charge, epoch: epoch, base: base, congestion: congestion, expiryDay: expiryDay,
            storagePerDay: perDay, postage: postage, postageDue: due, shard: shard)
    }

    /// The signed head in `head.csv`.
    static func head(_ bytes: [UInt8]) throws -> SignedHead {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
        let fields = lines.last?.split(separator: ",").map(String.init) ?? []
        guard lines.count == 2, lines[0] == "head,signature", fields.count == 2, let head = Hex.decode(fields[0]),
            let signature = Hex.decode(fields[1])
        else { throw AuditDifference("head.csv", "line 2", expected: "0x…,0x…", found: "something else") }
        return SignedHead(head: try LogHead(canonicalBytes: head), signature: try Signature(signature))
    }

    /// The state before the epoch in `opening.json`.
    static func opening(_ bytes: [UInt8]) throws -> EpochOpening {
        do {
            return try JSONDecoder().decode(EpochOpening.self, from: Data(bytes))
        } catch {
            throw AuditDifference("opening.json", "content", expected: "an opening", found: "\(error)")
        }
    }
}
