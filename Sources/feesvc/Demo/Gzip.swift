import CZlib

/// Why a file is no gzip.
enum GzipError: Error {
    /// It does not begin as gzip does.
    case notGzip
    /// It ends before its content does.
    case truncated
    /// Its content does not match its checksum, or is no deflate stream.
    case damaged
    /// Its content is above the limit.
    case tooLong(limit: Int)
}

/// Reads gzip (RFC 1952), whole and bounded.
enum Gzip {
    /// The content of `bytes`, at most `limit` bytes of it.
    static func inflate(_ bytes: [UInt8], limit: Int) throws(GzipError) -> [UInt8] {
        guard bytes.starts(with: [0x1f, 0x8b]) else { throw .notGzip }
        var stream = z_stream()
        // 15 window bits, and 16 more ask zlib to read gzip's header and trailer and to check them.
        guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .damaged
        }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        let status = input.withUnsafeMutableBufferPointer { input -> Result<Int32, GzipError> in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            while true {
                let size = chunk.count
                let status = chunk.withUnsafeMutableBufferPointer { buffer in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(size)
                    return CZlib.inflate(&stream, Z_NO_FLUSH)
                }
                output.append(contentsOf: chunk[..<(size - Int(stream.avail_out))])
                guard output.count <= limit else { return .failure(.tooLong(limit: limit)) }
                guard status == Z_OK, stream.avail_in > 0 || stream.avail_out == 0 else { return .success(status) }
            }
        }
        switch status {
        case .failure(let error): throw error
        case .success(Z_STREAM_END) where stream.avail_in == 0: return output
        case .success(Z_OK), .success(Z_BUF_ERROR): throw .truncated
        default: throw .damaged
        }
    }
}
