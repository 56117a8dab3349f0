import ArgumentParser
import Foundation
import Node
import Payer
import Primitives

/// A stopped node's data directory, as a command's arguments name it.
struct NodeDirectory: ParsableArguments {
    @Option(help: "The node's data directory.")
    var dataDir = "./feesvc-node"
    @Flag(help: "Print JSON.")
    var json = false

    /// Where the node keeps its database.
    var store: String { dataDir + "/store" }

    /// Runs with the store open, and closes it.
    func with(_ body: (NodeStore) async throws -> Void) async throws {
        try await Presentation.reportingErrors {
            let store = try await NodeStore.open(directory: store)
            do {
                try await body(store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }
}

extension NodeCommand {
    /// `feesvc node fsck`.
    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "fsck",
            abstract: "Check a stopped node's store: every event's bytes and signatures, every table.",
            discussion: """
                Changes nothing without --repair. Each event's hash, receipt and originator's signature are computed again, and every \
                table is compared with the others. Exit status 0 where all is well, 1 where something is not.

                With --repair a new file is made of what is good, and takes the damaged one's place, which is kept as \
                \(NodeStore.damagedName); peers bring back what was left out once the node runs. What the node may have signed and lost \
                is written down: it publishes again when its peers have brought its own chain up to there, or when every registered \
                peer was asked and none knows it. Where the file does not even say whose it is, move the store folder away and start \
                the node: its peers bring everything back, its own chain first.
                """)

        private static let shown = 20

        @OptionGroup var directory: NodeDirectory
        @Flag(help: "Make a new file of what is good, then check it.")
        var repair = false

        private struct Body: Encodable {
            let node: UInt32
            let events: UInt64
            let messages: UInt64
            let dropped: UInt64?
            let floor: UInt32
            let faults: [String]
        }

        func run() async throws {
            let report = try await repaired()
            try await directory.with { store in
                let summary = try await store.summary()
                let bar = ProgressBar(total: Int(summary.events) + summary.left, unit: "events")
                let faults = try await store.check { bar.advance(by: $0) }
                if directory.json {
                    try ChannelOutput.json(
                        Body(
                            node: summary.node, events: summary.events, messages: summary.messages,
                            dropped: report?.dropped, floor: summary.floor.number, faults: faults.map(\.description)))
                } else {
                    print("node \(summary.node): \(summary.events) events, \(summary.messages) messages")
                    for fault in faults.prefix(Self.shown) { print("  \(fault)") }
                    if faults.count > Self.shown { print("  and \(faults.count - Self.shown) more") }
                    if faults.isEmpty { print("all is well") }
                }
                guard faults.isEmpty else {
                    throw OperatorError(
                        "The store has \(faults.count) faults: repair it with --repair, or move \(directory.store) away; peers refill it."
                    )
                }
            }
        }

        private func repaired() async throws -> RepairReport? {
            guard repair else { return nil }
            var report: RepairReport?
            try await Presentation.reportingErrors {
                report = try await NodeStore.repair(directory: directory.store) { _ in }
            }
            if let report, !directory.json {
                print("node \(report.node): kept \(report.kept) events, left out \(report.dropped) that peers have")
            }
            return report
        }
    }

    /// `feesvc node compact`.
    struct Compact: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a stopped node's file as small as what it holds.",
            discussion: """
                A running node uses the room of what has expired again, so this is for one that has held much more than it ever will. \
                It needs as much free room as the file will have; interrupted, the store is as it was.
                """)

        @OptionGroup var directory: NodeDirectory

        private struct Body: Encodable {
            let node: UInt32
            let events: UInt64
            let bytesBefore: UInt64
            let bytesAfter: UInt64
        }

        func run() async throws {
            try await directory.with { store in
                let before = try await store.summary()
                try await store.compact()
                let after = try await store.summary()
                guard !directory.json else {
                    return try ChannelOutput.json(
                        Body(
                            node: after.node, events: after.events, bytesBefore: before.fileBytes,
                            bytesAfter: after.fileBytes))
                }
                print(
                    "node \(after.node): \(before.fileBytes) bytes before, \(after.fileBytes) now, \(after.events) events"
                )
            }
        }
    }

    /// `feesvc node move`.
    struct Move: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a stopped node's data directory, so that it can't run in two places.",
            discussion: """
                Checks that no process uses it, settles the database into one file, then renames the directory. To another disk \
                it is renamed to NAME.moved, then copied, and the copy checked event by event; where that fails it is renamed back. Remove NAME.moved once \
                the node runs. A copy made by other means could run beside the original, and two nodes with one key contradict \
                each other.
                """)

        @OptionGroup var directory: NodeDirectory
        @Argument(help: "Where it is to lie; must not exist.")
        var to: String

        func run() async throws {
            try await directory.with { store in try await store.settle() }
            try await Presentation.reportingErrors {
                let files = FileManager.default
                guard !files.fileExists(atPath: to) else {
                    throw OperatorError("\(to) exists; name a directory that does not.")
                }
                if rename(directory.dataDir, to) == 0 {
                    print("moved to \(to)")
                    return
                }
                guard errno == EXDEV else {
                    throw OperatorError(
                        "\(directory.dataDir) can't be renamed to \(to): \(String(cString: strerror(errno))).")
                }
                // Out of the way first: whatever happens from here on, the old place can't run beside the new one.
                let old = directory.dataDir + ".moved"
                try files.moveItem(atPath: directory.dataDir, toPath: old)
                do {
                    try await copy(old, to: to)
                } catch {
                    try? files.removeItem(atPath: to)
                    try files.moveItem(atPath: old, toPath: directory.dataDir)
                    throw error
                }
                print("copied to \(to) and checked; remove \(old) once the node runs")
            }
        }

        private func copy(_ old: String, to: String) async throws {
            try FileManager.default.copyItem(atPath: old, toPath: to)
            let copy = try await NodeStore.open(directory: to + "/store")
            let faults = try await copy.check { _ in }
            await copy.close()
            guard faults.isEmpty else {
                throw OperatorError("The copy in \(to) had \(faults.count) faults; the original is where it was.")
            }
            sync()
        }
    }
}
