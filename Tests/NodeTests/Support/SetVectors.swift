import FoundationEssentials
import Primitives

@testable import Node

/// `Tests/Vectors/sets.json`, made without the node's code.
struct SetVectors: Decodable {
    struct Hash: Decodable {
        let key: String
        let id: Bytes32
        let hash: String
    }

    struct Tree: Decodable {
        let first: UInt64
        let count: UInt64
        let hash: Bytes32
    }

    struct Day: Decodable {
        let day: UInt64
        let first: UInt64
        let count: UInt64
    }

    struct Held: Decodable {
        let days: [Day]
        let root: Bytes32
    }

    struct Cell: Decodable {
        let count: Int64
        let hashes: String
        let ids: Bytes32
    }

    struct Sketch: Decodable {
        let key: String
        let first: UInt64
        let count: UInt64
        let cells: [Cell]
    }

    let siphash: [Hash]
    let trees: [Tree]
    let held: [Held]
    let sketch: Sketch

    static let all: SetVectors = {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        do {
            let data = try Data(contentsOf: URL(filePath: "/\(folder)/Vectors/sets.json"))
            return try JSONDecoder().decode(SetVectors.self, from: data)
        } catch {
            preconditionFailure("the vectors can't be read: \(error)")
        }
    }()
}

/// The ids of the vectors: SHA-256 of a number as eight bytes.
func numberedIDs(_ first: UInt64, _ count: UInt64) -> [Bytes32] {
    (first..<first + count).map { number in
        var writer = WireWriter()
        writer.append(number)
        return SHA256.hash(writer.bytes)
    }
}

/// A 64-bit number of the vectors.
func number(_ hex: String) -> UInt64? { UInt64(hex.dropFirst(2), radix: 16) }
