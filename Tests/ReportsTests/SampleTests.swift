import Glibc
import Primitives
import ReportSamples
import Testing

@testable import Reports

@Suite(.serialized) struct SampleTests {
    private func bytes(of kind: SampleKind, _ make: (CollectingSink) -> any ReportWriter) throws -> [UInt8] {
        let sink = CollectingSink()
        try SampleReport(kind, count: 60).write([make(sink)])
        return sink.bytes
    }

    private func workbook(of kind: SampleKind) throws -> [UInt8] {
        let path = "/tmp/report-\(getpid())-\(kind.rawValue).xlsx"
        defer { unlink(path) }
        try SampleReport(kind, count: 60).write([try XLSXReport(path: path)])
        return try Self.contents(path)
    }

    private static func contents(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&block, 1, block.count, file)
            guard count > 0 else { return all }
            all += block.prefix(count)
        }
    }

    @Test(arguments: SampleKind.allCases)
    func `L43: the same report gives the same bytes, in any time zone`(_ kind: SampleKind) throws {
        var makers: [(CollectingSink) -> any ReportWriter] = [
            { JSONReport(to: $0) }, { CSVJournal(to: $0) }, { PlainTextJournal(.hledger, to: $0) },
            { PlainTextJournal(.ledger, to: $0) },
        ]
        if kind != .huge { makers.append { PlainTextJournal(.beancount, to: $0) } }
        for make in makers {
            let first = try bytes(of: kind, make)
            #expect(!first.isEmpty)
            #expect(try bytes(of: kind, make) == first)
        }
        let first = try workbook(of: kind)
        #expect(first.starts(with: [0x50, 0x4b]))
        setenv("TZ", "Pacific/Auckland", 1)
        defer {
            unsetenv("TZ")
            tzset()
        }
        tzset()
        #expect(try workbook(of: kind) == first)
    }

    @Test func `formats written at once are those written alone`() throws {
        let sinks = (0..<3).map { _ in CollectingSink() }
        try SampleReport(.awkward, count: 60).write([
            JSONReport(to: sinks[0]), CSVJournal(to: sinks[1]), PlainTextJournal(.hledger, to: sinks[2]),
        ])
        #expect(try bytes(of: .awkward) { JSONReport(to: $0) } == sinks[0].bytes)
        #expect(try bytes(of: .awkward) { CSVJournal(to: $0) } == sinks[1].bytes)
        #expect(try bytes(of: .awkward) { PlainTextJournal(.hledger, to: $0) } == sinks[2].bytes)
    }

    @Test func `every account is asserted, thousands of them`() throws {
        let sample = try SampleReport(.many, count: 400)
        let sink = CollectingSink()
        try sample.write([PlainTextJournal(.beancount, to: sink)])
        let assertions = sink.text.split(separator: "\n").filter { $0.contains(" balance ") }
        #expect(sample.report.closing.count > 1_000)
        #expect(assertions.count == sample.report.closing.count)
        #expect(assertions.allSatisfy { $0.contains(" ~ 0 USD") })
    }

    /// The bound is on resident memory of the whole process; 100,000 entries are 60 MB of text.
    @Test func `memory does not grow with the entries`() throws {
        let sample = try SampleReport(.plain, count: 100_000)
        let sinks = (0..<2).map { _ in CountingSink() }
        let before = Self.residentBytes()
        try sample.write([JSONReport(to: sinks[0]), PlainTextJournal(.hledger, to: sinks[1])])
        #expect(sinks.allSatisfy { $0.count > 25_000_000 })
        #expect(sinks.allSatisfy { $0.largest < 70_000 })
        #expect(Self.residentBytes() - before < 16_000_000)
    }

    private static func residentBytes() -> Int {
        let file = fopen("/proc/self/statm", "r")
        defer { if let file { fclose(file) } }
        var line = [CChar](repeating: 0, count: 256)
        guard let file, fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4_096
    }

    @Test func `a workbook that can't be written is an error`() throws {
        let sample = try SampleReport(.plain, count: 10)
        #expect {
            try sample.write([try XLSXReport(path: "/nowhere/report.xlsx")])
        } throws: {
            if case .workbook = $0 as? ReportError { true } else { false }
        }
    }

    @Test func `a text that is too long for a cell is an error, and leaves no file`() throws {
        let small = try SmallReport(reference: String(repeating: "x", count: 32_768))
        let path = "/tmp/report-\(getpid())-long.xlsx"
        #expect(throws: ReportError.cellText(length: 32_768)) { try small.write(try XLSXReport(path: path)) }
        #expect(access(path, F_OK) != 0)
    }
}
