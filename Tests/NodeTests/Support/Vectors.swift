import FoundationEssentials
import Primitives

/// The vectors of `Tests/Vectors/protocol.json`, made without the service's code.
struct Vectors: Decodable {
    struct Form: Decodable {
        let name: String
        let bytes: String
        let sha256: String
        let tag: String?

        var raw: [UInt8] { Hex.decode(bytes) ?? [] }
    }

    struct Statement: Decodable {
        let name: String
        let digest: String
        let `struct`: String
    }

    let forms: [Form]
    let statements: [Statement]

    static let all: Vectors = {
        let folder = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        do {
            let data = try Data(contentsOf: URL(filePath: "/\(folder)/Vectors/protocol.json"))
            return try JSONDecoder().decode(Vectors.self, from: data)
        } catch {
            preconditionFailure("the vectors can't be read: \(error)")
        }
    }()

    static func forms(tag: String) -> [Form] { all.forms.filter { $0.tag == tag } }
    static func forms(prefix: String) -> [Form] { all.forms.filter { $0.name.hasPrefix(prefix) } }
}
