import ArgumentParser
import AsyncHTTPClient
import Foundation
import Node
import Payer
import Primitives
import Synchronization

extension NodeCommand {
    /// `feesvc node export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write all that a stopped node holds into one file that any node of the network can take.",
            discussion: """
                Into it go the network's genesis, the registry as it was last seen, the newest head, how far epochs are sealed, the \
                floor with its signed checkpoints, the end of every chain, every event with its payload or its owner's order to delete \
                it, and all evidence. Keys do not, nor what the node measured of others. Each MiB or so is followed by the SHA-256 of \
                all before it, so a changed or cut file is found out, and where.

                The file appears under its name once it is whole and on the disk; until then it is NAME.unfinished. It never takes \
                the place of another. Use it to start a node without a peer to ask, to carry a node's data to another disk format, or as \
                a backup; docs/protocol.md has every byte.

                  feesvc node export node.export --data-dir feesvc-node
                  feesvc node export /backups --data-dir feesvc-node --json     # /backups/node-3-20260105T010203Z.export
                """)

        @OptionGroup var directory: NodeDirectory
        @Argument(help: "The file to write, which must not exist, or a directory to write one into.")
        var to: String

        private struct Body: Encodable {
            let node: UInt32
            let file: String
            let events: UInt64
            let records: UInt64
            let bytes: UInt64
            let floor: UInt32
        }

        func run() async throws {
            try await directory.with { store in
                let file = path(for: try await store.summary().node)
                guard !FileManager.default.fileExists(atPath: file) else {
                    throw OperatorError("\(file) exists; name a file that does not, or a directory.")
                }
                try await Transfer.untilSignal { try await export(store, to: file) }
            }
        }

        private func export(_ store: NodeStore, to file: String) async throws {
            let bar = ProgressBar(total: Int(try await store.summary().events), unit: "events")
            let made = try await store.export(to: file) { bar.advance(by: $0) }
            guard !directory.json else {
                return try ChannelOutput.json(
                    Body(
                        node: made.node, file: file, events: made.events, records: made.records,
                        bytes: made.bytes, floor: made.floor.number))
            }
            print("node \(made.node): \(made.events) events in \(made.bytes) bytes, in \(file)")
        }

        private func path(for node: UInt32) -> String {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: to, isDirectory: &isDirectory), isDirectory.boolValue else {
                return to
            }
            let now = Date().formatted(
                .iso8601.year().month().day().dateSeparator(.omitted).time(includingFractionalSeconds: false)
                    .timeSeparator(.omitted).timeZone(separator: .omitted))
            return (to.hasSuffix("/") ? to : to + "/") + "node-\(node)-\(now).export"
        }
    }

    /// `feesvc node import`.
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a file of feesvc node export into a stopped node's store, or into an empty directory.",
            discussion: """
                The whole file is read first: one that was changed or cut is refused, with the byte and what is wrong there, and nothing of \
                it is taken. Then each event is checked and admitted exactly as if a peer had brought it: hash, receipt, payload, and \
                both signatures. Nothing is believed because it is in the file. What is held already stays, the floor never sinks, and \
                a second import of the same file changes nothing; so does running it again after it was interrupted.

                Into an empty directory it makes the store of the node that wrote the file, or of --node N. Its key is not in the \
                file: start the node with it afterwards (node run --key), and never beside another process with that key.

                With --service the service says which nodes are registered and which keys were in force; name it whenever it can be \
                reached. Without it a directory's own registry counts, and where there is none that of the file, on the word of who \
                gave you the file; and a log key that was rotated is not known.

                  feesvc node import node.export --data-dir feesvc-node --service $URL
                  feesvc node import node.export --data-dir new-node --node 7 --service $URL
                  feesvc node fsck --data-dir new-node
                """)

        @OptionGroup var directory: NodeDirectory
        @Argument(help: "The file.")
        var file: String
        @Option(help: "The number of the node that the store is for; default: whose it is, or who wrote the file.")
        var node: UInt32?
        @Option(help: "The fee service, which says who is registered and which keys were in force.")
        var service: String?

        private struct Body: Encodable {
            let node: UInt32
            let writer: UInt32
            let file: String
            let events: UInt64
            let new: UInt64
            let known: UInt64
            let expired: UInt64
            let superseded: UInt64
            let evidence: UInt64
            let floor: UInt32
            let registryFromFile: Bool
        }

        func run() async throws {
            try await Presentation.reportingErrors {
                let trust = try await trust()
                guard FileManager.default.isReadableFile(atPath: file) else {
                    throw OperatorError("\(file) can't be read; name a file of feesvc node export.")
                }
                try DataDirectory.prepare(directory.dataDir, kind: "node")
                try await Transfer.untilSignal { try await take(trust) }
            }
        }

        private func take(_ trust: NodeImport.Trust) async throws {
            let bar = ImportProgress()
            try show(
                try await NodeImport.run(
                    file, into: directory.store, for: node, trusting: trust, begin: { bar.begin($0) },
                    progress: { bar.advance(by: $0) }))
        }

        private func trust() async throws -> NodeImport.Trust {
            guard let service else { return NodeImport.Trust() }
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
            let result: Result<NodeImport.Trust, any Error>
            do {
                let connection = try await ServiceConnection(http: http, url: service)
                let nodes: NodesBody = try await connection.client.get("/v1/nodes")
                result = .success(NodeImport.Trust(keys: connection.keys, registry: try nodes.registered))
            } catch {
                result = .failure(error)
            }
            try? await http.shutdown()
            return try result.get()
        }

        private func show(_ taken: NodeImport) throws {
            guard !directory.json else {
                return try ChannelOutput.json(
                    Body(
                        node: taken.node, writer: taken.writer, file: file, events: taken.events, new: taken.new,
                        known: taken.known, expired: taken.expired, superseded: taken.superseded,
                        evidence: taken.evidence, floor: taken.floor.number, registryFromFile: taken.tookRegistry))
            }
            print(
                "node \(taken.node): of \(taken.events) events from node \(taken.writer) \(taken.new) were new,"
                    + " \(taken.known) known, \(taken.expired) expired here")
            if taken.tookRegistry {
                ChannelOutput.note(
                    "Nodes that only the file names were taken from it: name --service to have the registry from the service."
                )
            }
        }
    }
}

private enum Transfer {
    /// Runs `body` until a signal comes: what it began is put away, and the exit status is that of an interrupted command.
    static func untilSignal(_ body: @Sendable @escaping () async throws -> Void) async throws {
        do {
            try await Interruption.orEnd { try await body() }
        } catch is Interruption {
            throw ExitCode(130)
        }
    }
}

/// The bar of an import, whose length is known once the file is open: it is read twice.
private final class ImportProgress: Sendable {
    private let bar = Mutex<ProgressBar?>(nil)

    func begin(_ bytes: UInt64) {
        bar.withLock { $0 = ProgressBar(total: Int(clamping: bytes) * 2, unit: "bytes") }
    }

    func advance(by bytes: Int) { bar.withLock { $0 }?.advance(by: bytes) }
}
