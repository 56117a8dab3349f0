import Channels
import Foundation
import Payer
import Primitives

/// Inputs to begin with, from the vectors: forms that must be read, and some that must be refused.
enum Seeds {
    /// The forms of some kinds, `feesvc/KIND/VERSION`.
    static func forms(_ kinds: String...) throws -> [[UInt8]] {
        let file = try Vector.file(.protocol)
        let tags = kinds.map { "feesvc/\($0)/" }
        return try (file["forms"].list + file["formsRejected"].list)
            .filter { form in (try? form["tag"].text).map { tag in tags.contains { tag.hasPrefix($0) } } ?? false }
            .map { try $0["bytes"].bytes }
    }

    /// The forms whose name begins so.
    static func forms(named prefix: String) throws -> [[UInt8]] {
        try Vector.file(.protocol)["forms"].list.filter { $0.title.hasPrefix(prefix) }.map { try $0["bytes"].bytes }
    }

    /// One form.
    static func form(_ name: String) throws -> [UInt8] {
        guard let form = try forms(named: name).first else { throw VectorError(description: "no form \(name)") }
        return form
    }

    static func receipts() throws -> [[UInt8]] {
        let receipt = try Vector.file(.protocol)["receipt"]
        return try forms("receipt")
            + (receipt["alsoGood"].list + receipt["rejected"].list).map { try $0["bytes"].bytes }
    }

    /// Texts as bytes.
    static func texts(_ texts: String...) -> [[UInt8]] { texts.map { Array($0.utf8) } }

    /// JSON of a body.
    static func json(_ bodies: any Encodable...) throws -> [[UInt8]] { try bodies.map { Array(try encoded($0)) } }
}
