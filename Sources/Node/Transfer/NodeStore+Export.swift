import Channels
public import Primitives

extension NodeStore {
    /// What an exported file holds.
    public struct Export: Hashable, Sendable {
        /// The node that wrote it.
        public let node: UInt32
        /// Its events, those with an order to delete in place of the payload counted as well.
        public let events: UInt64
        /// Its records.
        public let records: UInt64
        /// Its size in bytes.
        public let bytes: UInt64
        /// The day before which nothing that has expired is in it.
        public let floor: UTCDay
    }

    private static let portion = 256
    private static let pairs = 64

    /// Writes everything that peers could take over into one file: network, registry, newest head, seal, checkpoints, ends of chains,
    /// events with their payloads or the orders to delete them, and evidence. At most some megabytes are in memory.
    ///
    /// The file appears under its name once it is whole and on the disk, and never takes the place of another. What the node measured
    /// of others is its own and is left out. `progress` is told how many events each portion had. Throws ``TransferError``.
    public func export(to path: String, progress: (Int) -> Void) async throws -> Export {
        let sink: ExportSink
        do throws(FileFailure) {
            sink = try await ExportSink.make(path)
        } catch {
            throw TransferError.file(path: path, reason: error.reason)
        }
        do {
            var writer = ExportWriter()
            try await sink.append(writer.begin())
            let floor = try await write(to: sink, &writer, progress)
            try await sink.append(writer.finish())
            try await sink.finish()
            return Export(
                node: identity.number, events: writer.eventCount, records: writer.recordCount,
                bytes: writer.byteCount, floor: floor)
        } catch {
            await sink.abandon()
            switch error {
            case let failure as FileFailure: throw TransferError.file(path: path, reason: failure.reason)
            case let failure as SQLiteFailure:
                throw TransferError.store(failure.nodeError(directory: store.directory))
            default: throw error
            }
        }
    }

    private func write(
        to sink: ExportSink, _ writer: inout ExportWriter, _ progress: (Int) -> Void
    ) async throws -> UTCDay {
        let floor = await store.floor
        let heading = ExportHeading(
            genesis: identity.genesis, node: identity.number, key: identity.key, floor: floor)
        try await sink.append(writer.append(.heading(heading)))
        for bytes in try await store.storedRegistry() {
            guard let node = try? RegisteredNode(canonicalBytes: bytes) else { continue }
            try await sink.append(writer.append(.node(node)))
        }
        if let head = await store.newestHead { try await sink.append(writer.append(.head(head))) }
        if let seal = await store.seal { try await sink.append(writer.append(.seal(seal))) }
        try await writeCheckpoints(to: sink, &writer)
        for end in try await store.chainEnds() { try await sink.append(writer.append(.chain(end))) }
        try await writeEvents(to: sink, &writer, progress)
        try await writeEvidence(to: sink, &writer)
        return floor
    }

    private func writeCheckpoints(to sink: ExportSink, _ writer: inout ExportWriter) async throws {
        var last = (day: UTCDay(number: 0), shard: Shard(number: .max))
        while true {
            let page = try await store.checkpoints(after: last.day, last.shard, limit: Self.portion)
            for (checkpoint, signature) in page {
                try await sink.append(writer.append(.checkpoint(checkpoint, signature)))
            }
            guard let end = page.last?.0 else { return }
            last = (end.day, end.shard)
        }
    }

    private func writeEvents(
        to sink: ExportSink, _ writer: inout ExportWriter, _ progress: (Int) -> Void
    ) async throws {
        let leftovers = await store.leftovers
        let evicted = Set(leftovers.expired + leftovers.released)
        var arrival: Int64 = 0
        while true {
            try Task.checkCancellation()
            // Some of them at a time: a payload has up to 1 MiB.
            let rows = try await store.rows(after: arrival, limit: Self.portion / 8)
            guard let last = rows.last else { return }
            arrival = last.arrival
            for row in rows where !evicted.contains(row.id) { try await sink.append(writer.append(.event(row.wire))) }
            progress(rows.count)
        }
    }

    private func writeEvidence(to sink: ExportSink, _ writer: inout ExportWriter) async throws {
        var last: (UInt32, Bytes32, Bytes32)?
        while true {
            let page = try await store.evidence(after: last, limit: Self.pairs)
            for (one, other) in page { try await sink.append(writer.append(.evidence(one, other))) }
            guard let (one, other) = page.last else { break }
            last = (one.event.originator, one.id, other.id)
        }
        for evidence in try await store.headEvidence() {
            try await sink.append(writer.append(.headEvidence(evidence)))
        }
    }
}
