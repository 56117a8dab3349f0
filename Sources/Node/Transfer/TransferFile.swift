import Primitives

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Why a file could not be read or written, in the system's words.
struct FileFailure: Error, Hashable, Sendable {
    let reason: String

    static var last: FileFailure { FileFailure(reason: String(cString: strerror(errno))) }
}

/// A file that is being written under another name, and gets its own once it is whole and on the disk.
///
/// Its calls block, so they run on a queue of their own.
actor ExportSink {
    nonisolated let executor: StoreExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let path: String
    private let unfinished: String
    private let descriptor: Int32
    private var isOpen = true

    /// Makes the file; only its owner can read it.
    static func make(_ path: String) async throws(FileFailure) -> ExportSink {
        let executor = StoreExecutor(label: "feesvc.node.export")
        let made: Result<ExportSink, FileFailure> = await executor.run {
            Result { () throws(FileFailure) in
                let unfinished = path + ".unfinished"
                let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
                guard descriptor >= 0 else { throw .last }
                return ExportSink(path, unfinished: unfinished, descriptor: descriptor, executor: executor)
            }
        }
        return try made.get()
    }

    private init(_ path: String, unfinished: String, descriptor: Int32, executor: StoreExecutor) {
        self.path = path
        self.unfinished = unfinished
        self.descriptor = descriptor
        self.executor = executor
    }

    /// Appends bytes.
    func append(_ bytes: [UInt8]) throws(FileFailure) {
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { buffer in
                write(descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            guard written > 0 || errno == EINTR else { throw .last }
            offset += max(0, written)
        }
    }

    /// Puts the whole file on the disk, then under its name, where there is none of that name.
    func finish() throws(FileFailure) {
        guard fsync(descriptor) == 0 else { throw .last }
        isOpen = false
        guard close(descriptor) == 0 else { throw .last }
        try take(path)
        let folder = open(path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    /// Gives the file its name. A link never takes another file's place, as a rename would; some file systems have none.
    private func take(_ path: String) throws(FileFailure) {
        if link(unfinished, path) == 0 {
            unlink(unfinished)
            return
        }
        guard [EPERM, EOPNOTSUPP, ENOSYS].contains(errno), access(path, F_OK) != 0, rename(unfinished, path) == 0 else {
            throw .last
        }
    }

    /// Removes what was written.
    func abandon() {
        if isOpen { close(descriptor) }
        isOpen = false
        unlink(unfinished)
    }
}

/// An exported file that is being read, a block at a time, on a queue of its own.
actor ExportSource {
    nonisolated let executor: StoreExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// The file's size in bytes when it was opened.
    nonisolated let size: UInt64
    private let descriptor: Int32
    private var reader = ExportReader()
    private var isOpen = true

    static func begin(_ path: String) async throws(FileFailure) -> ExportSource {
        let executor = StoreExecutor(label: "feesvc.node.import")
        let opened: Result<ExportSource, FileFailure> = await executor.run {
            Result { () throws(FileFailure) in
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                guard descriptor >= 0 else { throw .last }
                let size = lseek(descriptor, 0, SEEK_END)
                guard size >= 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
                    close(descriptor)
                    throw FileFailure(reason: "it is no file of a disk")
                }
                return ExportSource(descriptor, size: UInt64(size), executor: executor)
            }
        }
        return try opened.get()
    }

    private init(_ descriptor: Int32, size: UInt64, executor: StoreExecutor) {
        self.descriptor = descriptor
        self.size = size
        self.executor = executor
    }

    /// The next block's records and how many bytes it had; `nil` after the end.
    func next() throws -> (records: [PlacedRecord], bytes: Int)? {
        let before = reader.byteCount
        guard let records = try reader.next(load) else { return nil }
        return (records, Int(reader.byteCount - before))
    }

    private func load(_ count: Int) throws(FileFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let some = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled)
            }
            if some < 0, errno == EINTR { continue }
            guard some >= 0 else { throw .last }
            guard some > 0 else { break }
            filled += some
        }
        return Array(bytes.prefix(filled))
    }

    /// Starts from the first byte again.
    func rewind() throws(FileFailure) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw .last }
        reader = ExportReader()
    }

    func end() {
        if isOpen { close(descriptor) }
        isOpen = false
    }
}
