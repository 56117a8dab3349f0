import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage

/// Writes an epoch's report as a directory: the input files of an audit, each table as CSV and JSON, and what was signed.
///
/// The same epoch gives the same bytes whenever it is exported. The directory appears under its name only when it is
/// whole. Memory grows with accounts, nodes and single decisions, and not with charges.
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
        let folder = OutputFolder(path: parent + "/" + Self.directoryName(inputs.epoch.number))
        try await folder.write { draft in
            let files = try ReportFolder(draft)
            try await write(files)
            try files.finish()
        }
        return folder.path
    }

    /// Each file's SHA-256, by name.
    static func manifest(_ hashes: [String: Bytes32]) -> [UInt8] {
        TableWriter.csv(
            ReportTable(
                name: "manifest", columns: ["file", "sha256"],
                rows: hashes.sorted { $0.key < $1.key }.map { [.text($0.key), .text($0.value.hex)] }))
    }

    private func write(_ folder: ReportFolder) async throws {
        let epoch = inputs.epoch
        guard let result = epoch.result, let endEntry = epoch.endEntry, let endCharge = epoch.endCharge,
            let state = try await LogStore(transaction).state()
        else { throw StorageCorruption("epoch \(epoch.number) is sealed without an end") }
        let opening = try await inputs.opening()
        var replay = try EpochReplay(opening, keeping: try await inputs.named())
        try folder.file(InputFile.opening.rawValue).append(try opening.json())
        for file in [InputFile.seal, .head] {
            try folder.file(file.rawValue).append(try await inputs.bytes(of: file))
        }
        let held = try folder.file(InputFile.held.rawValue)
        try await inputs.forEachPart(ofHeld: { try replay.open($0) }) { try held.append($0) }
        try await writeLog(folder, &replay, state)
        let payers = PayerExport(transaction: transaction, charges: epoch.firstCharge..<endCharge)
        try await payers.write(folder, before: inputs.endIndex)

        try folder.write(try EpochTables.summary(epoch.number, replay, result))
        try folder.write(EpochTables.rewards(replay, result))
        let reports = ReportStore(transaction)
        try folder.write(EpochTables.refunds(try await reports.refunds(in: epoch.number)))
        try await writeDebts(folder)
        try await writeJournal(folder, epoch.firstEntry..<endEntry)
        try folder.write(
            try TrialBalance.table(
                opening: try await reports.totals(before: epoch.firstEntry),
                closing: try await reports.totals(before: endEntry)))
        let period = try await ReportPeriod.epoch(epoch.number, transaction, state)
        let (owed, _) = try await OwedState(transaction, state, at: period.end).stated(by: nil)
        try folder.file(SolvencyCheck.file).append(Array("\(try ChannelOutput.text(owed))\n".utf8))
    }

    /// Writes the log, and beside it the charges with their channels and the vouchers that they rest on.
    private func writeLog(_ folder: ReportFolder, _ replay: inout EpochReplay, _ state: LogState) async throws {
        let log = try folder.file(InputFile.log.rawValue)
        try log.append(LeafRow.form.csvStart)
        var charges = try TableFiles(ChargeLine.form, in: folder)
        let vouchers = try folder.file(VoucherRow.form.name + ".csv")
        try vouchers.append(VoucherRow.form.csvStart)
        let store = ExportStore(transaction)
        try await inputs.forEachPartOfLog { leaves in
            let read = try Parallel.map(leaves.count, least: 256) { range in range.map { ReadLeaf(leaves[$0]) } }
                .flatMap { $0 }
            try log.write { for leaf in leaves { LeafRow.appendCSV(leaf, to: &$0) } }
            for leaf in read { try replay.apply(leaf) }
            let numbers = read.compactMap(\.charge?.number)
            let payments = try await store.payments(of: numbers)
            for leaf in read {
                guard let charge = leaf.charge else { continue }
                guard let payment = payments[charge.number] else {
                    throw StorageCorruption("charge \(charge.number) is in the log, and no channel paid for it")
                }
                try charges.append(
                    ChargeLine(
                        charge: charge, index: leaf.leaf.index, time: try leaf.leaf.origin().time,
                        channel: payment.channel, salt: payment.restoredSalt ?? state.salt(of: leaf.leaf.index)))
            }
            for run in Self.runs(numbers) {
                for voucher in try await store.vouchers(firstIn: run) {
                    try vouchers.write {
                        VoucherRow(firstCharge: voucher.firstCharge, voucher: voucher.bytes).appendCSV(to: &$0)
                    }
                }
            }
        }
        try charges.finish()
    }

    /// Numbers that follow one another without a gap, in the order in which they come.
    private static func runs(_ numbers: [UInt64]) -> [ClosedRange<UInt64>] {
        var runs: [ClosedRange<UInt64>] = []
        for number in numbers {
            if let last = runs.last, number > 0, number - 1 == last.upperBound {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs
    }

    private func writeDebts(_ folder: ReportFolder) async throws {
        var debts = try TableFiles(DebtRow.form, in: folder)
        try await DebtStore(transaction).forEachDebt(atEndOf: inputs.epoch.firstIndex..<inputs.endIndex) { debt in
            try debts.append(DebtRow.cells(debt))
        }
        try debts.finish()
    }

    private func writeJournal(_ folder: ReportFolder, _ entries: Range<UInt64>) async throws {
        var journal = try TableFiles(EpochTables.journal, in: folder)
        try await LedgerStore(transaction).forEachEntry(entries) { entry, _ in
            for row in EpochTables.rows(entry) { try journal.append(row) }
        }
        try journal.finish()
    }
}

/// What keeps a command from its work: one sentence that says what is wrong, where, and what to do.
struct OperatorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
