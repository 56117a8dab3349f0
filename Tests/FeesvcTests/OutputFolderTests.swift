import Foundation
import Testing

@testable import feesvc

/// Folders of results get their names when they are whole, and replace nothing that is not theirs.
struct OutputFolderTests {
    private struct Interrupted: Error {}

    private func with(_ body: (String) async throws -> Void) async throws {
        let parent = "/tmp/feesvc-output-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: parent) }
        try await body(parent)
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func results(_ text: String, _ draft: String) throws {
        try write(text, draft + "/a.csv")
        try write("file,sha256\r\na.csv,0x00\r\n", draft + "/manifest.csv")
        try write("0x00\n", draft + "/manifest.sig")
    }

    @Test func `results replace results, and what was there stays until the new ones are whole`() async throws {
        try await with { parent in
            let folder = OutputFolder(path: parent + "/report")
            try await folder.write { try results("one", $0) }
            await #expect(throws: Interrupted.self) {
                try await folder.write { draft in
                    try results("half", draft)
                    throw Interrupted()
                }
            }
            #expect(try String(contentsOfFile: folder.path + "/a.csv", encoding: .utf8) == "one")
            try await folder.write { try results("two", $0) }
            #expect(try String(contentsOfFile: folder.path + "/a.csv", encoding: .utf8) == "two")
            #expect(try FileManager.default.contentsOfDirectory(atPath: parent) == ["report"])
        }
    }

    @Test func `a folder with anything that no manifest names is left alone, and so is a file`() async throws {
        try await with { parent in
            let folder = OutputFolder(path: parent + "/report")
            try await folder.write { try results("one", $0) }
            try write("Dear", folder.path + "/letter.txt")
            await #expect(
                throws: OutputFault.notOurs(path: folder.path, found: "it holds letter.txt, which is not of a report")
            ) { try await folder.write { try results("two", $0) } }
            #expect(try String(contentsOfFile: folder.path + "/a.csv", encoding: .utf8) == "one")
            try write("", parent + "/file")
            let file = OutputFolder(path: parent + "/file")
            await #expect(throws: OutputFault.notOurs(path: file.path, found: "it is a file")) {
                try await file.write { try results("two", $0) }
            }
            let below = OutputFolder(path: parent + "/file/report")
            await #expect {
                try await below.write { try results("two", $0) }
            } throws: {
                if case .unwritable(let path, _) = $0 as? OutputFault { path == below.path } else { false }
            }
        }
    }

    @Test func `a full disk is told as one, and leaves nothing`() async throws {
        try await with { parent in
            let folder = OutputFolder(path: parent + "/report")
            await #expect {
                try await folder.write { draft in
                    try results("one", draft)
                    // Every write to it finds the disk full.
                    let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
                    try full.write(contentsOf: Data("x".utf8))
                }
            } throws: {
                if case .full(folder.path, _) = $0 as? OutputFault { true } else { false }
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: parent)
            #expect(left == [])
        }
    }
}
