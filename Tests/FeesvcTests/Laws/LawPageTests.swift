import Foundation
import Testing

/// The table of laws in docs/testing.md.
struct LawPageTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")

    /// A test, by its name and the file that holds it, below Tests.
    private struct Named: Hashable {
        let name: String
        let file: String
    }

    /// The law and the tests of each row.
    private static func rows() throws -> [(law: Int, tests: [Named])] {
        let page = try String(contentsOf: root.appending(path: "docs/testing.md"), encoding: .utf8)
        return page.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| L"), let cell = line.split(separator: "|").last,
                let law = Int(line.dropFirst(3).prefix { $0.isNumber })
            else { return nil }
            return (
                law,
                cell.matches(of: #/`([^`]+)` \(([^)]+)\)/#).map { Named(name: String($0.1), file: String($0.2)) }
            )
        }
    }

    @Test func `the page has every law once, each with a test that there is`() throws {
        let rows = try Self.rows()
        #expect(rows.map(\.law) == Array(1...46))
        for (law, tests) in rows {
            #expect(!tests.isEmpty, "L\(law)")
            for test in tests {
                let file = Self.root.appending(path: "Tests/\(test.file)")
                let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
                let isThere = text.contains("func `\(test.name)`") || text.contains("\"\"\"\(test.name)")
                #expect(isThere, "L\(law): \(test.name) in \(test.file)")
            }
        }
    }

    @Test func `every test that is named after a law is on the page, in its row`() throws {
        var named: [Int: Set<Named>] = [:]
        for (law, tests) in try Self.rows() { named[law] = Set(tests) }
        let folder = Self.root.appending(path: "Tests").path
        for file in FileManager.default.enumerator(atPath: folder)?.compactMap({ $0 as? String }) ?? []
        where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
            for match in text.matches(of: #/func `(L([0-9]+): [^`\n]+)`/#) {
                let test = Named(name: String(match.1), file: file)
                #expect(named[Int(match.2) ?? 0]?.contains(test) == true, "\(test.name) in \(file)")
            }
        }
    }
}
