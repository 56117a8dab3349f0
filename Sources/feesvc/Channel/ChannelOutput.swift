import Foundation
import Payer
import Primitives

/// How `feesvc channel` shows what it has found.
enum ChannelOutput {
    /// Prints a value as JSON, members by name.
    static func json(_ value: some Encodable) throws {
        print(try text(value))
    }

    /// A value's JSON.
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// A value's JSON on one line.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Prints a result at once, also into a pipe of a command that goes on.
    static func result(_ text: String) {
        FileHandle.standardOutput.write(Data("\(text)\n".utf8))
    }

    /// Reads what ``text(_:)`` wrote.
    static func read<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }

    /// Prints lines of a name and a value, the values below each other.
    static func lines(_ lines: [(String, String)]) {
        let width = lines.map(\.0.count).max() ?? 0
        for (name, value) in lines {
            print(name + String(repeating: " ", count: width - name.count + 2) + value)
        }
    }

    /// Says something that is no result.
    static func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    /// A moment for a person.
    static func moment(_ time: UInt64) -> String {
        Date(timeIntervalSince1970: TimeInterval(time)).formatted(.iso8601)
    }
}

extension Currency {
    /// Units, and what they are in the currency.
    func both(_ amount: Amount) -> String { "\(amount) units (\(text(amount)))" }

    /// Reads an option's amount.
    func read(_ text: String, option: String) throws -> Amount {
        guard let amount = amount(text) else {
            throw OperatorError(
                "\(option) is \(text); it is a whole number of units, as 10000000000, or an amount with its currency, as "
                    + "0.01\(code) (\(scale) decimals at most).")
        }
        return amount
    }
}
