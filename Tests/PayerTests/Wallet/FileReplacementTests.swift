import Foundation
import Payer
import Testing

@Suite struct FileReplacementTests {
    @Test func `a new text takes the place of the old one whole, and only its owner reads it`() async throws {
        try await TestFolder.with { folder in
            let file = PrivateFile(path: folder("state"))
            for text in ["first", "second and longer", ""] {
                try file.replace(Array(text.utf8))
                #expect(try folder.text("state") == text)
                #expect(try folder.mode("state") == 0o600)
                #expect(try file.read(bytesMax: 100) == Array(text.utf8))
            }
            #expect(try folder.names == ["state"])
        }
    }

    @Test func `a link is replaced, and what it led to stays`() async throws {
        try await TestFolder.with { folder in
            try folder.write("precious", to: "target")
            try folder.link("state", to: "target")
            try PrivateFile(path: folder("state")).replace(Array("new".utf8))
            #expect(try folder.text("target") == "precious")
            #expect(try folder.text("state") == "new")
        }
    }

    @Test func `where nothing can be written the old text stays and nothing is left beside it`() async throws {
        try await TestFolder.with { folder in
            let path = folder("none/state")
            #expect(throws: PrivateFileError.self) { try PrivateFile(path: path).replace([1]) }
            try FileManager.default.createDirectory(atPath: folder("state"), withIntermediateDirectories: true)
            #expect(throws: PrivateFileError.self) { try PrivateFile(path: folder("state")).replace([1]) }
            #expect(try folder.names == ["state"])
        }
    }

    @Test func `a file is read at its longest, and not one byte longer`() async throws {
        try await TestFolder.with { folder in
            let file = PrivateFile(path: folder("state"))
            for count in [0, 1_022, 1_023, 1_024, 1_025, 5_000] {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
                try file.replace(bytes)
                #expect(try file.read(bytesMax: count) == bytes)
                #expect(try file.read(bytesMax: count + 1) == bytes)
                guard count > 0 else { continue }
                #expect(throws: PrivateFileError.tooLong(path: folder("state"), bytesMax: count - 1)) {
                    try file.read(bytesMax: count - 1)
                }
            }
        }
    }
}
