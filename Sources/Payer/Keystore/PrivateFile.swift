import Primitives

#if canImport(Glibc)
import Glibc
#endif

/// A small file for its owner's eyes only: a key, which is made once and never overwritten, or a wallet's state, each version
/// of which takes the place of the one before.
///
/// Every call blocks on the disk for the time of a few system calls.
public struct PrivateFile: Hashable, Sendable {
    /// Where it is.
    public let path: String

    /// Names a file; nothing is opened yet.
    public init(path: String) {
        self.path = path
    }

    /// Reads all of it, at most `bytesMax` bytes, if it is regular and its mode gives nothing to group and others.
    ///
    /// Symbolic links are followed: secrets are often mounted as links, and kind and mode are those of the file that was
    /// opened, not of the name, so a link can't lend a file better permissions than it has.
    public func read(bytesMax: Int) throws(PrivateFileError) -> [UInt8] {
        // Without O_NONBLOCK a pipe in the file's place would hold the reader up until somebody writes.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? .missing(path: path) : .unreadable(path: path, code: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(path: path, code: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular(path: path) }
        guard status.st_mode & 0o077 == 0 else { throw .shared(path: path, mode: UInt32(status.st_mode & 0o777)) }
        return try readAll(descriptor, bytesMax: bytesMax, expected: Int(status.st_size))
    }

    private func readAll(
        _ descriptor: Int32, bytesMax: Int, expected: Int
    ) throws(PrivateFileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(bytesMax, max(expected, 1_023)) + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                let room = UnsafeMutableRawBufferPointer(rebasing: $0[count...])
                return pread(descriptor, room.baseAddress, room.count, off_t(count))
            }
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw .unreadable(path: path, code: errno) }
            if got == 0 { return Array(bytes.prefix(count)) }
            count += got
            // It grew since its size was asked for.
            if count == bytes.count, count <= bytesMax {
                bytes += [UInt8](repeating: 0, count: bytesMax + 1 - count)
            }
        }
        throw .tooLong(path: path, bytesMax: bytesMax)
    }

    /// Makes the file with mode 0600 and returns when it is on the disk. What has the name already stays.
    ///
    /// The bytes go to a temporary file beside it, which is then linked to its name: at every moment there is the whole
    /// file or none. `rename` would replace an existing file; `link` fails where there is one. A crash may leave the
    /// temporary file (`<path>.<16 digits>.tmp`, mode 0600), which can be removed.
    public func create(_ bytes: [UInt8]) throws(PrivateFileError) {
        let temporary = "\(path).\(Self.randomDigits()).tmp"
        try write(bytes, to: temporary)
        let isLinked = link(temporary, path) == 0
        let code = errno
        unlink(temporary)
        guard isLinked else { throw code == EEXIST ? .exists(path: path) : .unwritable(path: path, code: code) }
        try synchronizeFolder()
    }

    /// Puts `bytes` in the place of what has the name, or makes the file, with mode 0600; returns when they are on the disk.
    ///
    /// The name leads to all of the old bytes or to all of the new ones at every moment, a crash included. Where this throws
    /// ``PrivateFileError/notDurable(path:code:)`` nobody knows which; after any other error the old ones are there.
    public func replace(_ bytes: [UInt8]) throws(PrivateFileError) {
        let temporary = "\(path).\(Self.randomDigits()).tmp"
        try write(bytes, to: temporary)
        guard rename(temporary, path) == 0 else { throw abandon(temporary) }
        try synchronizeFolder()
    }

    private func write(_ bytes: [UInt8], to temporary: String) throws(PrivateFileError) {
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unwritable(path: path, code: errno) }
        defer { close(descriptor) }
        var count = 0
        while count < bytes.count {
            let put = bytes[count...].withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(count)) }
            if put < 0 && errno == EINTR { continue }
            guard put > 0 else { throw abandon(temporary) }
            count += put
        }
        guard fsync(descriptor) == 0 else { throw abandon(temporary) }
    }

    private func abandon(_ temporary: String) -> PrivateFileError {
        let code = errno
        unlink(temporary)
        return .unwritable(path: path, code: code)
    }

    private func synchronizeFolder() throws(PrivateFileError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .notDurable(path: path, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .notDurable(path: path, code: errno) }
    }

    /// The folder that holds the name.
    var folder: String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func randomDigits() -> String {
        var generator = SystemRandomNumberGenerator()
        return Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
