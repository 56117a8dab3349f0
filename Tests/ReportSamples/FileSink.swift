import Glibc
public import Reports

/// A sink that writes a file.
public final class FileSink: ByteSink {
    /// The file can't be opened or written.
    public struct Failure: Error {}

    private let file: UnsafeMutablePointer<FILE>

    /// Begins a file.
    public init(_ path: String) throws {
        guard let file = fopen(path, "w") else { throw Failure() }
        self.file = file
    }

    deinit { fclose(file) }

    /// Writes bytes.
    public func append(_ bytes: [UInt8]) throws {
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else { throw Failure() }
    }
}

/// A sink that only counts.
public final class CountingSink: ByteSink {
    /// Bytes so far.
    public private(set) var count = 0
    /// The largest block so far.
    public private(set) var largest = 0

    /// Begins at nothing.
    public init() {}

    /// Counts bytes.
    public func append(_ bytes: [UInt8]) {
        count += bytes.count
        largest = max(largest, bytes.count)
    }
}
