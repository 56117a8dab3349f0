import Channels
import Ledger
import Logging
import Payer
import Primitives
import ServiceLifecycle

/// What the service showed last: its newest head, and where the journal ended.
struct ShownEnd: Hashable, Sendable {
    let head: SignedHead
    let journal: EntryAnchor
}

/// The newest head that the service showed to anybody and the journal's end with it, kept in the data directory: a database
/// that is behind it is an older copy, or was cut.
struct HeadRecord: Sendable {
    private static let tag = "feesvc/shown/2"
    /// What was kept before the journal's end was.
    private static let firstTag = "feesvc/shown/1"
    private static let bytesMax = 4_096

    private let file: PrivateFile

    /// The record of a data directory.
    init(directory: String) {
        file = PrivateFile(path: directory + "/newest-head")
    }

    /// What was kept, `nil` where nothing was.
    func read() throws -> ShownEnd? {
        let bytes: [UInt8]
        do {
            bytes = try file.read(bytesMax: Self.bytesMax)
        } catch PrivateFileError.missing {
            return nil
        }
        do throws(CanonicalError) {
            return try Self.read(bytes, tag: Self.tag, hasJournal: true)
        } catch .tag {
            return try Self.read(bytes, tag: Self.firstTag, hasJournal: false)
        }
    }

    private static func read(_ bytes: [UInt8], tag: String, hasJournal: Bool) throws(CanonicalError) -> ShownEnd {
        var decoder = try CanonicalDecoder(bytes, tag: tag)
        let head = try LogHead(canonicalBytes: try decoder.readBytes(limit: bytesMax))
        let signature = try decoder.readSignature()
        var journal = EntryAnchor.origin
        if hasJournal { journal = EntryAnchor(number: try decoder.readUInt64(), hash: try decoder.readBytes32()) }
        try decoder.finish()
        return ShownEnd(head: SignedHead(head: head, signature: signature), journal: journal)
    }

    /// Keeps an end in place of the one before.
    func keep(_ end: ShownEnd) throws {
        var encoder = CanonicalEncoder(tag: Self.tag)
        encoder.append(end.head.head.canonicalBytes)
        encoder.append(end.head.signature)
        encoder.append(end.journal.number)
        encoder.append(end.journal.hash)
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
        let end = heads.end
        guard end.head.head.size > kept else { return kept }
        do {
            try record.keep(end)
            return end.head.head.size
        } catch {
            logger.error("the newest head could not be kept", metadata: ["error": "\(error)"])
            return kept
        }
    }
}
