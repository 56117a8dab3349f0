import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Whole lines of a file, one after another in memory.
struct LineBlock: Sendable {
    let bytes: [UInt8]
    /// Where each line's bytes are, without its line feed.
    let lines: [Range<Int>]
    /// The number of the first line, from 1.
    let firstNumber: Int

    /// A line as text, for a difference.
    func text(_ line: Int) -> String {
        String(decoding: bytes[lines[line]], as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}

/// Cuts a file at its line feeds into blocks of lines, in memory that does not grow with the file.
struct LineBlocks {
    let name: String
    private var parts: ByteParts
    private var rest: [UInt8] = []
    private var isAtEnd = false
    private var linesBefore = 0

    init(_ source: AuditSource) throws {
        name = source.name
        parts = try ByteParts(source)
    }

    /// The next lines; `nil` at the end. Bytes after the last line feed are a difference.
    mutating func next() throws -> LineBlock? {
        var bytes = rest
        while !isAtEnd {
            guard let part = try parts.next() else {
                isAtEnd = true
                break
            }
            bytes.append(contentsOf: part)
            if let last = bytes.lastIndex(of: 0x0a) {
                rest = Array(bytes[(last + 1)...])
                bytes.removeSubrange((last + 1)...)
                return block(bytes)
            }
        }
        rest = []
        guard bytes.isEmpty else {
            throw AuditDifference(
                "\(name), line \(linesBefore + 1)", "end of the last line", expected: "a line feed", found: "none")
        }
        return nil
    }

    private mutating func block(_ bytes: [UInt8]) -> LineBlock {
        var lines: [Range<Int>] = []
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            var start = 0
            while start < buffer.count, let found = memchr(base + start, 0x0a, buffer.count - start) {
                let end = UnsafeRawPointer(found) - base
                lines.append(start..<end)
                start = end + 1
            }
        }
        defer { linesBefore += lines.count }
        return LineBlock(bytes: bytes, lines: lines, firstNumber: linesBefore + 1)
    }
}

/// Hands lines on in the numbers that are asked for.
struct LineQueue {
    private var blocks: LineBlocks
    private var block: LineBlock?
    private var taken = 0

    init(_ source: AuditSource) throws {
        blocks = try LineBlocks(source)
    }

    /// The next line with its number; `nil` at the end.
    mutating func next() throws -> (bytes: ArraySlice<UInt8>, number: Int)? {
        while true {
            if let block, taken < block.lines.count {
                defer { taken += 1 }
                return (block.bytes[block.lines[taken]], block.firstNumber + taken)
            }
            block = try blocks.next()
            taken = 0
            if block == nil { return nil }
        }
    }
}
