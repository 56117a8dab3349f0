import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage

/// Writes an epoch's report as a directory: the input files of an audit, and each table as CSV and JSON.
///
/// The same epoch gives the same bytes whenever it is exported. The directory appears under its name only when it is
/// whole.
struct EpochExport {
    private let transaction: Transaction
    private let inputs: EpochInputs

    init(_ transaction: Transaction, epoch: UInt64) async throws {
        self.transaction = transaction
        inputs = try await EpochInputs(transaction, epoch: epoch)
        guard inputs.epoch.result != nil else {
            throw Refusal(409, "epoch/not-sealed", "Epoch \(epoch) is not sealed; seal it before it is exported.")
        }
    }

    /// The directory's name for an epoch.
    static func directoryName(_ epoch: UInt64) -> String {
        let digits = String(epoch)
        return "epoch-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Writes the directory below `parent` and returns its path.
    func write(under parent: String) async throws -> String {
        let path = parent + "/" + Self.directoryName(inputs.epoch.number)
        let draft = path + ".part"
        let files = FileManager.default
        try? files.removeItem(atPath: draft)
        do {
            try files.createDirectory(atPath: draft, withIntermediateDirectories: true)
            var hashes: [String: Bytes32] = [:]
            for (name, bytes) in try await contents() {
                try Data(bytes).write(to: URL(fileURLWithPath: draft + "/" + name))
                hashes[name] = SHA256.hash(bytes)
            }
            try Data(Self.manifest(hashes)).write(to: URL(fileURLWithPath: draft + "/manifest.csv"))
            try? files.removeItem(atPath: path)
            try files.moveItem(atPath: draft, toPath: path)
        } catch {
            try? files.removeItem(atPath: draft)
            guard let error = error as? CocoaError else { throw error }
            throw OperatorError(
                "The report can't be written to \(path): \(Presentation.reason(of: error)); choose another --out.")
        }
        return path
    }

    /// Each file's SHA-256, by name.
    static func manifest(_ hashes: [String: Bytes32]) -> [UInt8] {
        TableWriter.csv(
            ReportTable(
                name: "manifest", columns: ["file", "sha256"],
                rows: hashes.sorted { $0.key < $1.key }.map { [.text($0.key), .text($0.value.hex)] }))
    }

    private func contents() async throws -> [(name: String, bytes: [UInt8])] {
        var files: [(name: String, bytes: [UInt8])] = []
        for file in InputFile.allCases { files.append((file.rawValue, try await inputs.write(file))) }
        for table in try await tables() {
            files.append((table.name + ".csv", TableWriter.csv(table)))
            files.append((table.name + ".json", TableWriter.json(table)))
        }
        return files
    }

    private func tables() async throws -> [ReportTable] {
        let epoch = inputs.epoch
        guard let result = epoch.result, let endEntry = epoch.endEntry, let endCharge = epoch.endCharge,
            let state = try await LogStore(transaction).state()
        else { throw StorageCorruption("epoch \(epoch.number) is sealed without an end") }
        let log = try await inputs.leaves()
        var replay = try EpochReplay(try await inputs.opening())
        for leaf in log { try replay.apply(leaf) }

        let reports = ReportStore(transaction)
        var opened: [UInt64: (channel: Bytes32, salt: Bytes32)] = [:]
        for charge in try await reports.charges(epoch.firstCharge..<endCharge) {
            opened[charge.logIndex] = (
                charge.channel, charge.restoredSalt ?? state.salt(of: charge.logIndex)
            )
        }
        return [
            try EpochTables.summary(epoch.number, replay, result), EpochTables.rewards(replay, result),
            try EpochTables.charges(log, opened: opened),
            EpochTables.refunds(try await reports.refunds(in: epoch.number)),
            EpochTables.journal(try await reports.entries(epoch.firstEntry..<endEntry)),
            try TrialBalance.table(
                opening: try await reports.totals(before: epoch.firstEntry),
                closing: try await reports.totals(before: endEntry)),
        ]
    }
}

/// What keeps a command from its work: one sentence that says what is wrong, where, and what to do.
struct OperatorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
