import Channels
import Primitives
import Rewards
import Storage

/// Writes who may sign for the channels that pay in an epoch: their openings, whose hashes are the channels' ids, and what
/// their payers signed about signers.
struct PayerExport {
    private static let channels = TableForm(name: "channels", columns: PayerColumns.channels)
    private static let signers = TableForm(name: "signers", columns: PayerColumns.signers)

    let transaction: Transaction
    /// The numbers of the epoch's charges.
    let charges: Range<UInt64>

    /// Writes `channels.csv` and `signers.csv`; the latter has what was logged before the leaf at `index`.
    func write(_ folder: ReportFolder, before index: UInt64) async throws {
        let channels = try folder.file(Self.channels.name + ".csv")
        try channels.append(Self.channels.csvStart)
        let store = ExportStore(transaction)
        try await store.forEachPayer(of: charges) { channel, opening in
            try channels.write {
                Self.channels.appendCSV(
                    [
                        .text(channel.hex), .text(opening.payer.hex), .text(opening.signer.hex),
                        .text(opening.opening.hex),
                    ], to: &$0)
            }
        }
        let signers = try folder.file(Self.signers.name + ".csv")
        try signers.append(Self.signers.csvStart)
        try await store.forEachSignerStatement(by: charges, before: index) { statement in
            let row = try Self.row(statement)
            try signers.write { Self.signers.appendCSV(row, to: &$0) }
        }
    }

    /// Words of a delegation: channel, signer, lane, ceiling, expires, nonce; of a revocation: channel, signer, nonce.
    private static func row(_ statement: ExportStore.SignerStatement) throws -> [ReportCell] {
        let isDelegation = statement.typeHash == Delegation.typeHash
        let words = statement.words
        guard words.count == (isDelegation ? 6 : 3), words[0] == statement.channel,
            let signer = Address(Array(words[1].bytes.dropFirst(12)))
        else { throw StorageCorruption("the statement of leaf \(statement.logIndex) is none about a signer") }
        let numbers = try words.dropFirst(2).map { word in
            guard let number = word.integer else {
                throw StorageCorruption("the statement of leaf \(statement.logIndex) has a number that is too large")
            }
            return ReportCell.amount(Amount(number))
        }
        let authority = isDelegation ? Array(numbers.prefix(3)) : [.empty, .empty, .empty]
        return [.integer(statement.logIndex), .text(statement.channel.hex), .text(signer.hex)] + authority
            + [numbers[numbers.count - 1], .text(statement.signature.hex)]
    }
}
