import Primitives

/// Why a text is no deny list. Lines are counted from 1.
public enum DenyListError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text is not UTF-8.
    case notText
    /// The text has more than ``DenyList/linesMax`` lines.
    case tooLong(limit: Int)
    /// A line is not a kind and a value with one space between.
    case form(line: Int)
    /// There is no such kind of entry.
    case kind(line: Int, found: String)
    /// The value does not fit its kind.
    case value(line: Int, kind: String)
    /// The same entry stands on an earlier line.
    case twice(line: Int, first: Int)

    /// One sentence: what is wrong, and where.
    public var description: String {
        switch self {
        case .notText: "it is not UTF-8 text"
        case .tooLong(let limit): "it has more than \(limit) lines"
        case .form(let line):
            "line \(line): an entry is a kind, one space and a value, as `originator 7`; a comment begins with #"
        case .kind(let line, let found): "line \(line): \(found) is no kind; there are topic, address and originator"
        case .value(let line, "topic"): "line \(line): a topic is 0x and 64 lower-case hex digits"
        case .value(let line, "address"): "line \(line): an address is 0x and 40 hex digits"
        case .value(let line, _): "line \(line): an originator is a node's number, 1 to 4294967295"
        case .twice(let line, let first): "line \(line): the same entry stands on line \(first)"
        }
    }
}

extension DenyList {
    /// The most lines of a list.
    public static let linesMax = 100_000

    /// Reads a list: an entry a line, `topic 0x…`, `address 0x…` or `originator N`; empty lines and lines that begin with `#` say
    /// nothing. Anything else is an error that names its line, so that a slip of the pen never lets something through.
    public init(text: [UInt8]) throws(DenyListError) {
        guard let text = String(validating: text, as: UTF8.self) else { throw .notText }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count <= Self.linesMax else { throw .tooLong(limit: Self.linesMax) }
        var topics: [Bytes32: Int] = [:]
        var addresses: [Address: Int] = [:]
        var originators: [UInt32: Int] = [:]
        for (place, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            let number = place + 1
            let parts = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw .form(line: number) }
            switch parts[0] {
            case "topic": try Self.enter(Bytes32(hex: parts[1]), "topic", number, &topics)
            case "address": try Self.enter(Address(hex: parts[1].lowercased()), "address", number, &addresses)
            case "originator":
                let value = UInt32(parts[1]).flatMap { $0 > 0 && String($0) == parts[1] ? $0 : nil }
                try Self.enter(value, "originator", number, &originators)
            default: throw .kind(line: number, found: parts[0])
            }
        }
        self.init(topics: Set(topics.keys), addresses: Set(addresses.keys), originators: Set(originators.keys))
    }

    private static func enter<Value: Hashable>(
        _ value: Value?, _ kind: String, _ line: Int, _ seen: inout [Value: Int]
    ) throws(DenyListError) {
        guard let value else { throw .value(line: line, kind: kind) }
        if let first = seen[value] { throw .twice(line: line, first: first) }
        seen[value] = line
    }
}
