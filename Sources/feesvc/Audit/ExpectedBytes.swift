import Foundation

/// Compares a file with bytes that come in parts, and names the first line that differs.
struct ExpectedBytes {
    private let name: String
    private var parts: ByteParts
    private var found: [UInt8] = []
    private var offset = 0
    /// What is the same so far of the line that is open.
    private var line: [UInt8] = []
    private var lineNumber = 1

    init(_ source: AuditSource) throws {
        name = source.name
        parts = try ByteParts(source)
    }

    /// Compares the next bytes.
    mutating func expect(_ expected: [UInt8]) throws {
        var place = 0
        while place < expected.count {
            guard try fill() else { throw try difference(expected[place...]) }
            let count = min(expected.count - place, found.count - offset)
            let mine = expected[place..<place + count]
            guard mine.elementsEqual(found[offset..<offset + count]) else {
                let same = zip(mine, found[offset..<offset + count]).prefix { $0 == $1 }.count
                pass(mine.prefix(same))
                offset += same
                throw try difference(expected[(place + same)...])
            }
            pass(mine)
            place += count
            offset += count
        }
    }

    /// Throws unless the file ends here.
    mutating func finish() throws {
        if try fill() { throw try difference([]) }
    }

    /// Whether there is a byte left.
    private mutating func fill() throws -> Bool {
        while offset == found.count {
            guard let part = try parts.next() else { return false }
            found = part
            offset = 0
        }
        return true
    }

    private mutating func pass(_ same: ArraySlice<UInt8>) {
        guard let last = same.lastIndex(of: 0x0a) else { return line.append(contentsOf: same) }
        lineNumber += same.count { $0 == 0x0a }
        line = Array(same[(last + 1)...])
    }

    /// What is expected from the place where the file is another, and the rest of that line.
    private mutating func difference(_ expected: ArraySlice<UInt8>) throws -> AuditDifference {
        var rest: [UInt8] = []
        while try fill(), found[offset] != 0x0a, rest.count < 4_096 {
            rest.append(found[offset])
            offset += 1
        }
        let mine = line + expected.prefix { $0 != 0x0a }.prefix(4_096)
        return AuditDifference(
            "\(name), line \(lineNumber)", "line", expected: Self.text(mine), found: Self.text(line + rest))
    }

    private static func text(_ bytes: [UInt8]) -> String {
        bytes.isEmpty ? "nothing" : String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
}
