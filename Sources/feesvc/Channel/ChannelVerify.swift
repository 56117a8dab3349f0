import ArgumentParser
import Channels
import Foundation
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel verify`.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a receipt file without asking anybody.",
            discussion: """
                Checks the leaf, the path from it to the head's root, the log key's signature on the head, that the charge's \
                commitment opens to the channel, and that it pays for the item at no more than was agreed. No key of yours, no \
                wallet and no network are needed.

                The file brings the log's parameters, whose hash is the log's id. Whose log that is, a file can't tell: compare \
                the id with one that you have from elsewhere by --log-id, which feesvc channel open and statement print too. \
                Exit status 0 where all is good, 4 where anything is not.
                """)

        @Argument(help: "The receipt's file, from a wallet's receipts or from statement --receipts.")
        var file: String
        @Option(help: "The id that the log must have.")
        var logId: String?
        @Option(help: "The log key's address, where it was rotated since the log began.")
        var logKey: String?
        @Flag(help: "Print JSON.")
        var json = false

        private struct Verified: Encodable {
            let logId: Bytes32
            let channelId: Bytes32
            let charge: UInt64
            let envelopeHash: Bytes32
            let acceptedAt: UInt64
            let total: Amount
            let logIndex: UInt64
            let headSize: UInt64
            let isLogIdCompared: Bool
        }

        func run() async throws {
            try await ChannelExit.reporting {
                let proven = try check()
                let receipt = proven.receipt
                let logID = proven.genesis.logID
                guard !json else {
                    return try ChannelOutput.json(
                        Verified(
                            logId: logID, channelId: proven.channelID, charge: receipt.charge.number,
                            envelopeHash: receipt.charge.envelopeHash, acceptedAt: receipt.acceptedAt,
                            total: proven.total, logIndex: receipt.leaf.index, headSize: receipt.head.head.size,
                            isLogIdCompared: logId != nil))
                }
                ChannelOutput.lines([
                    ("good", "charge \(receipt.charge.number) of channel \(proven.channelID)"),
                    ("paid", Currency(proven.genesis).both(proven.total)),
                    ("for", "envelope \(receipt.charge.envelopeHash)"),
                    ("accepted", ChannelOutput.moment(receipt.acceptedAt)),
                    ("log", "\(logID)\(logId == nil ? ", compare it with the id that you know" : ", as expected")"),
                    ("leaf", "\(receipt.leaf.index) of \(receipt.head.head.size)"),
                ])
            }
        }

        private func check() throws -> ProvenCharge {
            let bytes: [UInt8]
            do {
                let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
                bytes = Array(try handle.read(upToCount: ReceiptDocument.bytesMax + 1) ?? Data())
            } catch {
                throw OperatorError("\(file) can't be read: \(Presentation.reason(of: error)).")
            }
            guard bytes.count <= ReceiptDocument.bytesMax else {
                throw Unproven("\(file) is too long for a receipt.")
            }
            let proven: ProvenCharge
            do {
                proven = try ReceiptDocument(json: bytes).check(logKey: try Open.address(logKey))
            } catch let refusal as ReceiptDocumentRefusal {
                throw Unproven("\(file) proves nothing: \(refusal).")
            }
            if let logId {
                guard let expected = Bytes32(hex: logId) else {
                    throw OperatorError("--log-id is \(logId); it is 0x and 64 lower-case hex digits.")
                }
                guard expected == proven.genesis.logID else {
                    throw Unproven("\(file) is of the log \(proven.genesis.logID), not of \(expected).")
                }
            }
            return proven
        }
    }
}
