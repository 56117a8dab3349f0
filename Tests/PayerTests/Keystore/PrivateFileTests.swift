import Foundation
import Testing

@testable import Payer

#if canImport(Glibc)
import Glibc
#endif

@Suite struct PrivateFileTests {
    private func refusal(_ path: String, bytesMax: Int = 100) -> PrivateFileError? {
        do throws(PrivateFileError) {
            _ = try PrivateFile(path: path).read(bytesMax: bytesMax)
            return nil
        } catch {
            return error
        }
    }

    private func create(_ path: String, _ text: String) -> PrivateFileError? {
        do throws(PrivateFileError) {
            try PrivateFile(path: path).create(Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a new file holds the bytes with mode 0600, and nothing else is left`() async throws {
        try await TestFolder.with { folder in
            try PrivateFile(path: folder("key")).create(Array("secret".utf8))
            #expect(try folder.text("key") == "secret")
            #expect(try folder.mode("key") == 0o600)
            #expect(try folder.names == ["key"])
            #expect(try PrivateFile(path: folder("key")).read(bytesMax: 6) == Array("secret".utf8))
        }
    }

    @Test func `a file that exists is left as it is`() async throws {
        try await TestFolder.with { folder in
            try folder.write("first", to: "key", mode: 0o644)
            #expect(create(folder("key"), "second") == .exists(path: folder("key")))
            #expect(try folder.text("key") == "first")
            #expect(try folder.mode("key") == 0o644)
            #expect(try folder.names == ["key"])
        }
    }

    @Test func `a folder or a link that leads nowhere counts as something that exists`() async throws {
        try await TestFolder.with { folder in
            try folder.link("link", to: "target")
            try FileManager.default.createDirectory(atPath: folder("folder"), withIntermediateDirectories: false)
            for name in ["link", "folder"] {
                #expect(create(folder(name), "secret") == .exists(path: folder(name)))
            }
            #expect(try folder.names == ["folder", "link"])
        }
    }

    @Test func `where nothing can be written the system's reason is told`() async throws {
        try await TestFolder.with { folder in
            try folder.write("", to: "file")
            #expect(create(folder("none/key"), "x") == .unwritable(path: folder("none/key"), code: ENOENT))
            #expect(create(folder("file/key"), "x") == .unwritable(path: folder("file/key"), code: ENOTDIR))
            #expect(create(folder("a/"), "x") == .unwritable(path: folder("a/"), code: ENOENT))
            #expect(try folder.names == ["file"])
            let long = folder(String(repeating: "k", count: 255))
            #expect(create(long, "x") == .unwritable(path: long, code: ENAMETOOLONG))
        }
    }

    @Test func `of many writers one wins, and the file is wholly the winner's`() async throws {
        try await TestFolder.with { folder in
            let path = folder("key")
            let texts = (0..<16).map { String(repeating: "\($0 % 10)", count: 50_000 + $0) }
            let winners = await withTaskGroup(of: String?.self) { group in
                for text in texts { group.addTask { create(path, text) == nil ? text : nil } }
                return await group.reduce(into: []) { $0 += $1.map { [$0] } ?? [] }
            }
            let text = try folder.text("key")
            #expect(winners == [text])
            #expect(try folder.names == ["key"])
        }
    }

    @Test func `a reader sees the whole file or none`() async throws {
        try await TestFolder.with { folder in
            let size = 1 << 20
            let bytes = [UInt8](repeating: 7, count: size)
            for round in 0..<20 {
                let file = PrivateFile(path: folder("key\(round)"))
                async let written: Void = file.create(bytes)
                let deadline = ContinuousClock.now + .seconds(60)
                while true {
                    do throws(PrivateFileError) {
                        #expect(try file.read(bytesMax: size) == bytes)
                        break
                    } catch {
                        guard error == .missing(path: file.path), ContinuousClock.now < deadline else { throw error }
                        await Task.yield()
                    }
                }
                try await written
            }
        }
    }

    @Test func `only its owner may have a right to it`() async throws {
        try await TestFolder.with { folder in
            for mode in [0o600, 0o400, 0o700] {
                try folder.write("secret", to: "good\(mode)", mode: mode)
                #expect(refusal(folder("good\(mode)")) == nil)
            }
            for bit in 0..<6 {
                let mode = 0o600 | 1 << bit
                try folder.write("secret", to: "bad\(bit)", mode: mode)
                #expect(refusal(folder("bad\(bit)")) == .shared(path: folder("bad\(bit)"), mode: UInt32(mode)))
            }
            #expect(
                PrivateFileError.shared(path: "/k", mode: 0o644).description
                    == "/k is open to others than its owner (mode 0644); run chmod 600 /k.")
        }
    }

    @Test func `a link is followed, and the mode is that of what it leads to`() async throws {
        try await TestFolder.with { folder in
            try folder.write("secret", to: "good")
            try folder.write("secret", to: "bad", mode: 0o640)
            for name in ["good", "bad"] { try folder.link(name + "-link", to: name) }
            try folder.link("loop", to: "loop")
            #expect(try PrivateFile(path: folder("good-link")).read(bytesMax: 6) == Array("secret".utf8))
            #expect(refusal(folder("bad-link")) == .shared(path: folder("bad-link"), mode: 0o640))
            #expect(refusal(folder("loop")) == .unreadable(path: folder("loop"), code: ELOOP))
        }
    }

    @Test func `what is no regular file is refused, and a pipe does not hold the reader up`() async throws {
        try await TestFolder.with { folder in
            #expect(mkfifo(folder("pipe"), 0o600) == 0)
            #expect(refusal(folder("pipe")) == .notRegular(path: folder("pipe")))
            #expect(refusal(folder.path) == .notRegular(path: folder.path))
            #expect(refusal("/dev/null") == .notRegular(path: "/dev/null"))
            #expect(refusal(folder("none")) == .missing(path: folder("none")))
        }
    }

    @Test func `no more bytes are read than are asked for`() async throws {
        try await TestFolder.with { folder in
            for count in [0, 1, 99, 100] {
                try folder.write(String(repeating: "k", count: count), to: "k\(count)")
                #expect(refusal(folder("k\(count)")) == nil, "\(count)")
            }
            try folder.write(String(repeating: "k", count: 101), to: "k101")
            #expect(refusal(folder("k101")) == .tooLong(path: folder("k101"), bytesMax: 100))
        }
    }

    @Test func `the folder of a path is what stands before its last slash`() {
        for (path, folder) in [("k", "."), ("/k", "/"), ("a/k", "a"), ("/a/b/k", "/a/b"), ("./k", "."), ("a/", "a")] {
            #expect(PrivateFile(path: path).folder == folder, "\(path)")
        }
    }
}
