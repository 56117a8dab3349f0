import Testing

/// A trace that no demo can replay.
enum BadTrace: String, CaseIterable, CustomTestStringConvertible {
    case truncated = "cut off in the middle"
    case trailerCut = "without its last four bytes"
    case notGzip = "not compressed"
    case nothing = "an empty file"
    case bitFlip = "one bit of the deflate stream flipped"
    case checksum = "one bit of the checksum flipped"
    case negativeSize = "a negative size"
    case timeGoesBack = "a time that goes backwards"
    case unknownColumn = "an unknown column"
    case missingColumn = "a missing column"
    case missingField = "a missing field"
    case notANumber = "a word for a number"
    case tooLarge = "a message above 1 MiB"
    case noMessage = "a header and no message"
    case noLine = "no line at all"
    case missingFile = "a file that is not there"
    case folder = "a folder"

    var testDescription: String { rawValue }

    /// The line that is wrong, counted from 1; `nil` where it is the file as a whole.
    var line: Int? {
        switch self {
        case .negativeSize, .timeGoesBack, .notANumber, .tooLarge: 3
        case .missingField: 2
        case .unknownColumn, .missingColumn: 1
        default: nil
        }
    }

    /// Makes the file and returns its path.
    func make(in workshop: Workshop) async throws -> String {
        let path = workshop("bad-\(self).csv.gz")
        switch self {
        case .missingFile: break
        case .folder: return workshop("tmp")
        case .nothing: try workshop.write("bad-\(self).csv.gz", [])
        case .notGzip: try workshop.write("bad-\(self).csv.gz", Array(ShortTrace.csv.utf8))
        case .truncated, .trailerCut, .bitFlip, .checksum:
            let good = try await Gzip.compress(ShortTrace.csv, in: workshop)
            try workshop.write("bad-\(self).csv.gz", spoil(good))
        default:
            try workshop.write("bad-\(self).csv.gz", try await Gzip.compress(content, in: workshop))
        }
        return path
    }

    private func spoil(_ good: [UInt8]) -> [UInt8] {
        var bytes = good
        switch self {
        case .truncated: bytes.removeLast(good.count / 2)
        case .trailerCut: bytes.removeLast(4)
        case .bitFlip: bytes[good.count / 2] ^= 4
        default: bytes[good.count - 6] ^= 1
        }
        return bytes
    }

    private var content: String {
        let header = "sent_at,sender,stream,topic,bytes\n"
        let first = "1709078400,1,0,0,10\n"
        return switch self {
        case .negativeSize: header + first + "1709078401,1,0,0,-5\n"
        case .timeGoesBack: header + first + "1709078399,1,0,0,5\n"
        case .notANumber: header + first + "1709078401,Alice,0,0,5\n"
        case .tooLarge: header + first + "1709078401,1,0,0,1048577\n"
        case .missingField: header + "1709078400,1,0,0\n" + first
        case .unknownColumn: "sent_at,sender,stream,topic,bytes,colour\n1709078400,1,0,0,10,7\n"
        case .missingColumn: "sent_at,sender,stream,bytes\n1709078400,1,0,10\n"
        case .noMessage: header
        default: ""
        }
    }
}

extension FeesvcSystem {
    /// `feesvc demo` on traces that it can't replay.
    @Suite("bad traces")
    struct BadTraces {
        @Test(
            "are refused in one sentence that names the file and the line, and nothing is left",
            .timeLimit(.minutes(10)),
            arguments: BadTrace.allCases)
        func areRefused(_ bad: BadTrace) async throws {
            try await Workshop.with { workshop in
                let path = try await bad.make(in: workshop)
                let demo = try workshop.start(["demo", "--trace", path, "--out", workshop("out")])
                defer { Leftovers.clear(demo) }
                let status = try await demo.wait(seconds: 30)
                #expect(status == 1)
                let sentence = demo.errors
                #expect(sentence.hasPrefix("feesvc: "))
                #expect(sentence.split(separator: "\n").count == 1, "\(sentence)")
                #expect(sentence.contains(path), "\(sentence)")
                if let line = bad.line { #expect(sentence.contains("line \(line)"), "\(sentence)") }
                #expect(demo.output == "")
                #expect(!Leftovers.exists(workshop("out")))
                #expect(!Leftovers.exists(Leftovers.demoFolder(demo)))
                #expect(workshop.processes == [])
                #expect(workshop.temporaryFiles == [])
            }
        }
    }
}
