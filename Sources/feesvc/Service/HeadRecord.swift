import Channels
import Logging
import Payer
import Primitives
import ServiceLifecycle

/// The newest head that the service showed to anybody, kept in the data directory: a database that is behind it is an
/// older copy.
struct HeadRecord: Sendable {
    private static let tag = "feesvc/shown/1"
    private static let bytesMax = 4_096

    private let file: PrivateFile

    /// The record of a data directory.
    init(directory: String) {
        file = PrivateFile(path: directory + "/newest-head")
    }

    /// The head kept, `nil` where there is none.
    func read() throws -> SignedHead? {
        let bytes: [UInt8]
        do {
            bytes = try file.read(bytesMax: Self.bytesMax)
        } catch PrivateFileError.missing {
            return nil
        }
        var decoder = try CanonicalDecoder(bytes, tag: Self.tag)
        let head = try LogHead(canonicalBytes: try decoder.readBytes(limit: Self.bytesMax))
        let signature = try decoder.readSignature()
        try decoder.finish()
        return SignedHead(head: head, signature: signature)
    }

    /// Keeps a head in place of the one before.
    func keep(_ head: SignedHead) throws {
        var encoder = CanonicalEncoder(tag: Self.tag)
        encoder.append(head.head.canonicalBytes)
        encoder.append(head.signature)
        try file.replace(encoder.bytes)
    }
}

/// Keeps the newest head on record while the service runs: within a second, and at the end.
struct HeadKeeper: Service, CustomStringConvertible {
    let record: HeadRecord
    let heads: HeadBoard
    let logger: Logger

    var description: String { "head record" }

    func run() async throws {
        var kept: UInt64 = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            kept = keep(after: kept)
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        }
        _ = keep(after: kept)
    }

    private func keep(after kept: UInt64) -> UInt64 {
        let head = heads.head
        guard head.head.size > kept else { return kept }
        do {
            try record.keep(head)
            return head.head.size
        } catch {
            logger.error("the newest head could not be kept", metadata: ["error": "\(error)"])
            return kept
        }
    }
}
