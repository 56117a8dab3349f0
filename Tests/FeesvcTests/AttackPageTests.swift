import Foundation
import Testing

struct AttackPageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")

    /// The number and the tests of each row of the page, its two kinds of tables one after the other.
    private static func rows() throws -> [(number: Int, tests: [String])] {
        let page = try String(contentsOf: root.appending(path: "docs/attacks.md"), encoding: .utf8)
        return page.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard line.hasPrefix("|"), let number = cells.first.flatMap({ Int($0) }) else { return nil }
            let parts = (cells.last ?? "").split(separator: "`", omittingEmptySubsequences: false)
            return (number, parts.enumerated().filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) })
        }
    }

    @Test func `the page has each case and each invariant once`() throws {
        let numbers = try Self.rows().map(\.number)
        #expect(numbers.count == 33 + 18)
        #expect(numbers.prefix(33).sorted() == Array(1...33))
        #expect(Array(numbers.suffix(18)) == Array(1...18))
    }

    @Test func `each test that the page names exists`() throws {
        let folder = Self.root.appending(path: "Tests").path
        var sources = ""
        for file in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? []
        where file.hasSuffix(".swift") {
            sources += try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
        }
        for (number, tests) in try Self.rows() {
            for test in tests {
                let isThere = sources.contains("func `\(test)`") || sources.contains("\"\(test)\"")
                #expect(isThere, "\(number): \(test)")
            }
        }
    }
}
