import Foundation

/// Why bytes are no keystore of version 3.
public enum KeystoreFormError: Error, Hashable, Sendable, CustomStringConvertible {
    /// More than ``Keystore/bytesMax`` bytes.
    case tooLong(bytes: Int)
    /// No JSON object.
    case notAnObject
    /// A member that must be there is not; named by its path, such as `crypto.kdfparams.salt`.
    case missing(member: String)
    /// A member is not what the rule says.
    case malformed(member: String, rule: String)

    /// What is wrong, without the file's name.
    public var description: String {
        switch self {
        case .tooLong(let bytes): "it has \(bytes) bytes, at most \(Keystore.bytesMax) are allowed"
        case .notAnObject: "it is no JSON object"
        case .missing(let member): "\(member) is missing"
        case .malformed(let member, let rule): "\(member) is not \(rule)"
        }
    }

    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context): self = .missing(member: Self.name(context.codingPath + [key]))
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            self = Self.malformed(at: context.codingPath, type: type)
        case .dataCorrupted: self = .notAnObject
        @unknown default: self = .notAnObject
        }
    }

    private static func malformed(at path: [any CodingKey], type: any Any.Type) -> KeystoreFormError {
        if path.isEmpty { return .notAnObject }
        let rule =
            if type == String.self {
                "a text"
            } else if type == WholeNumber.self {
                "a whole number below 2^64"
            } else {
                "an object"
            }
        return .malformed(member: name(path), rule: rule)
    }

    private static func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
}
