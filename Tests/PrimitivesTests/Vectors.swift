import Foundation
import Primitives

/// What a vector lacks.
struct VectorError: Error, CustomStringConvertible {
    let description: String
}

/// A value of a vector file; a reader that does not find what it asks for throws.
enum Vector: Sendable, Hashable {
    case object([String: Vector])
    case list([Vector])
    case text(String)
    case number(UInt64)
    case flag(Bool)
    /// Null, or a number above 2^64.
    case other

    /// What Tests/Vectors holds, each file read once.
    enum File: String {
        case congestion
        case eip712 = "eip712_vectors"
        case keystore
        case log
        case merkle = "merkle_vectors"
        case `protocol`
        case rewards
        case schedule
        case shards
    }

    private static let congestion = read(.congestion)
    private static let eip712 = read(.eip712)
    private static let keystore = read(.keystore)
    private static let log = read(.log)
    private static let merkle = read(.merkle)
    private static let `protocol` = read(.protocol)
    private static let rewards = read(.rewards)
    private static let schedule = read(.schedule)
    private static let shards = read(.shards)

    static func file(_ file: File) throws -> Vector {
        switch file {
        case .congestion: try congestion.get()
        case .eip712: try eip712.get()
        case .keystore: try keystore.get()
        case .log: try log.get()
        case .merkle: try merkle.get()
        case .protocol: try `protocol`.get()
        case .rewards: try rewards.get()
        case .schedule: try schedule.get()
        case .shards: try shards.get()
        }
    }

    private static func read(_ file: File) -> Result<Vector, any Error> {
        Result {
            let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
            let data = try Data(contentsOf: URL(filePath: "/\(folder)/Vectors/\(file.rawValue).json"))
            return try JSONDecoder().decode(Vector.self, from: data)
        }
    }

    subscript(key: String) -> Vector {
        get throws {
            guard case .object(let members) = self, let value = members[key] else {
                throw VectorError(description: "no member \(key)")
            }
            return value
        }
    }

    /// What a case is called in a failure.
    var title: String { (try? self["name"].text) ?? "a case without name" }

    var members: [String: Vector] {
        get throws {
            guard case .object(let members) = self else { throw VectorError(description: "not an object") }
            return members
        }
    }

    var list: [Vector] {
        get throws {
            guard case .list(let values) = self else { throw VectorError(description: "not a list") }
            return values
        }
    }

    var text: String {
        get throws {
            guard case .text(let value) = self else { throw VectorError(description: "not a text") }
            return value
        }
    }

    var flag: Bool {
        get throws {
            guard case .flag(let value) = self else { throw VectorError(description: "not a truth value") }
            return value
        }
    }

    var u64: UInt64 {
        get throws {
            guard case .number(let value) = self else { throw VectorError(description: "not a number") }
            return value
        }
    }
}

extension Vector {
    private func parsed<Value>(_ kind: String, _ parse: (String) throws -> Value?) throws -> Value {
        let text = try text
        guard let value = try parse(text) else { throw VectorError(description: "not \(kind): \(text)") }
        return value
    }

    private func narrowed<Value: FixedWidthInteger>() throws -> Value {
        let wide = try u64
        guard let value = Value(exactly: wide) else { throw VectorError(description: "too large: \(wide)") }
        return value
    }

    var u8: UInt8 { get throws { try narrowed() } }
    var u16: UInt16 { get throws { try narrowed() } }
    var u32: UInt32 { get throws { try narrowed() } }
    var int: Int { get throws { try narrowed() } }
    var bytes: [UInt8] { get throws { try parsed("hex") { Hex.decode($0) } } }
    var word: Bytes32 { get throws { try parsed("32 bytes") { Bytes32(hex: $0) } } }
    var words: [Bytes32] { get throws { try list.map { try $0.word } } }
    var address: Address { get throws { try parsed("an address") { Address(hex: $0.lowercased()) } } }
    var amount: Amount { get throws { try parsed("an amount") { Amount(decimal: $0) } } }
    var signature: Signature { get throws { try Signature(bytes) } }
    var secret: SecretKey { get throws { try parsed("a key") { _ in SecretKey(try bytes) } } }
}

extension Vector: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .number(value)
        } else if let value = try? container.decode([String: Vector].self) {
            self = .object(value)
        } else if let value = try? container.decode([Vector].self) {
            self = .list(value)
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else {
            self = .other
        }
    }
}
