import Channels
import Foundation
import Primitives
import Testing

@testable import feesvc

/// Files of an audit that are larger than what is read at a time.
struct AuditReadingTests {
    private static func leaves(_ count: Int) -> [LogLeaf] {
        (0..<count).map { place in
            LogLeaf(
                index: UInt64(place), time: UInt64(place / 3), kind: .deposit,
                body: [UInt8](repeating: UInt8(place & 255), count: place * 7 % 1_500))
        }
    }

    private func withFile(_ bytes: [UInt8], _ body: (AuditSource) throws -> Void) throws {
        let path = "/tmp/feesvc-audit-\(UUID().uuidString).csv"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        try body(AuditSource(name: "log.csv", content: .file(path: path)))
    }

    @Test func `a log is the same read at once and in parts, on all processors and on one`() throws {
        let leaves = Self.leaves(6_000)
        let bytes = LeafRow.csv(leaves)
        #expect(bytes.count > 3 << 21)
        #expect(try InputFiles.leaves(bytes, file: "log.csv") == leaves)
        try withFile(bytes) { source in
            var found: [LogLeaf] = []
            try LogWalk.forEachPart(source) { part in
                found += part.map(\.leaf)
                #expect(part.allSatisfy { $0.hash == $0.leaf.hash })
            }
            #expect(found == leaves)
            #expect(try source.sha256() == SHA256.hash(bytes))
        }
    }

    @Test func `the first line that is no leaf is named by its number, wherever it stands`() throws {
        let leaves = Self.leaves(6_000)
        for place in [0, 17, 2_999, 5_998] {
            var text = leaves.map { leaf in
                var line: [UInt8] = []
                LeafRow.appendCSV(leaf, to: &line)
                return line
            }
            text[place][0] = 0x2b
            text[5_999][0] = 0x2b
            try withFile(LeafRow.form.csvStart + text.joined()) { source in
                #expect {
                    try LogWalk.forEachPart(source) { _ in }
                } throws: {
                    ($0 as? AuditDifference)?.place == "log.csv, line \(place + 2)"
                }
            }
        }
    }

    @Test func `a file is compared part by part, and its first other line is named`() throws {
        let lines = (0..<200_000).map { "line \($0) of a file\n" }
        let bytes = Array(lines.joined().utf8)
        try withFile(bytes) { source in
            var same = try ExpectedBytes(source)
            for start in stride(from: 0, to: bytes.count, by: 999_983) {
                try same.expect(Array(bytes[start..<min(start + 999_983, bytes.count)]))
            }
            try same.finish()

            var other = bytes
            let place = lines[..<150_000].joined().utf8.count + 5
            other[place] = 0x39
            var differs = try ExpectedBytes(source)
            #expect {
                for start in stride(from: 0, to: other.count, by: 10_007) {
                    try differs.expect(Array(other[start..<min(start + 10_007, other.count)]))
                }
            } throws: {
                $0 as? AuditDifference
                    == AuditDifference(
                        "log.csv, line 150001", "line", expected: "line 950000 of a file",
                        found: "line 150000 of a file")
            }
            var short = try ExpectedBytes(source)
            try short.expect(Array(bytes.dropLast(lines[199_999].utf8.count)))
            #expect(throws: AuditDifference.self) { try short.finish() }
            var long = try ExpectedBytes(source)
            try long.expect(bytes)
            #expect(throws: AuditDifference.self) { try long.expect([0x0a]) }
        }
    }

    @Test func `held charges have one form each`() throws {
        let charges = [
            OpenCharge(
                charge: 7, epoch: 1, base: 38_500_000, congestion: 0, expiryDay: 19_783, storagePerDay: 22_528,
                postage: nil, postageDue: nil),
            OpenCharge(
                charge: 9, epoch: 1, base: nil, congestion: nil, expiryDay: 19_783, storagePerDay: 0, postage: .max,
                postageDue: .max, shard: 4_095),
        ]
        func read(_ text: String) throws -> [OpenCharge] {
            var found: [OpenCharge] = []
            let bytes = OpenCharge.form.csvStart + Array(text.utf8)
            try InputFiles.forEachHeld(AuditSource(name: "held.csv", content: .bytes(bytes))) { found.append($0) }
            return found
        }
        let text = "7,1,38500000,0,19783,22528,,,0\r\n9,1,,,19783,0,\(UInt128.max),\(UInt64.max),4095\r\n"
        #expect(
            String(decoding: OpenCharge.csv(charges).dropFirst(OpenCharge.form.csvStart.count), as: UTF8.self) == text)
        #expect(try read(text) == charges)
        for line in [
            "07,1,38500000,0,19783,22528,,,0\r\n", "7,1,38500000,,19783,22528,,,0\r\n",
            "7,1,,0,19783,22528,,,0\r\n", "7,1,38500000,0,19783,22528,,,0\n",
            "7,1,38500000,0,19783,22528,5,,0\r\n", "7,1,38500000,0,19783,22528,,,0,\r\n",
            "7,1,38500000,0,19783,22528,0850000,1767830500,0\r\n", "7,1,038500000,0,19783,22528,,,0\r\n",
            "7,1,38500000,00,19783,22528,,,0\r\n", "7,1,38500000,0,19783,22528,5,01,0\r\n",
            "7,1,38500000,0,4294967296,22528,,,0\r\n", "7,1,38500000,0,19783,22528,,,0",
            "7,1,38500000,0,19783,22528,,\r\n", "7,1,38500000,0,19783,22528,,,65536\r\n",
            "7,1,38500000,0,19783,22528,,,\r\n", "7,1,38500000,0,19783,22528,,,00\r\n",
        ] {
            #expect(throws: AuditDifference.self, "\(line)") { try read(line) }
        }
    }

    @Test func `a list that lacks, adds or changes a charge has other hashes, and says where`() {
        func charge(_ number: UInt64) -> OpenCharge {
            OpenCharge(
                charge: number, epoch: 1, base: 1, congestion: 0, expiryDay: 1, storagePerDay: 1, postage: nil,
                postageDue: nil)
        }
        func hashes(_ numbers: [UInt64]) -> RowHashes {
            numbers.reduce(into: RowHashes()) { $0.append(charge($1)) }
        }
        let all = Array(UInt64(1)...1_000)
        #expect(hashes(all).firstDifference(hashes(all)) == nil)
        #expect(hashes([]).firstDifference(hashes([])) == nil)
        let lacking = hashes(all).firstDifference(hashes(all.filter { $0 != 600 }))
        #expect(lacking?.first == 513 && lacking?.last == 768)
        #expect(hashes(all).firstDifference(hashes(all + [1_001]))?.first == 769)
        #expect(hashes([]).firstDifference(hashes([5]))?.first == 5)
    }
}
