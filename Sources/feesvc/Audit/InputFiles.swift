import Channels
import Foundation
import Primitives

/// Reads the input files of an audit strictly.
enum InputFiles {
    /// The leaves in `log.csv` or `seal.csv`.
    static func leaves(_ bytes: [UInt8], file: String) throws -> [LogLeaf] {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
        guard lines.first == "index,time,kind,body", lines.last == "" else {
            throw AuditDifference(
                file, "first line and last line end", expected: "index,time,kind,body", found: "others")
        }
        return try lines.dropFirst().dropLast().enumerated().map { number, line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, let index = UInt64(fields[0]), let time = UInt64(fields[1]),
                let kind = UInt16(fields[2]).flatMap(LeafKind.init(rawValue:)), let body = Hex.decode(fields[3]),
                // The standard library also reads "+1" and "01".
                [String(index), String(time), String(kind.rawValue)] == Array(fields[..<3])
            else {
                throw AuditDifference(
                    "\(file), line \(number + 2)", "leaf", expected: "index,time,kind,0x…", found: line)
            }
            return LogLeaf(index: index, time: time, kind: kind, body: body)
        }
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
