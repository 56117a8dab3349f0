import ArgumentParser
import Channels
import Foundation
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel statement`.
    struct Statement: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List every charge of a channel, each with its proof checked.",
            discussion: """
                Pages through the service's charges lane by lane, newest first. Of each it checks that it stands in the log \
                under a head that the log key signed, that its commitment opens to this channel, and where this wallet \
                ordered it that it costs no more than was agreed; then that nothing is listed twice and that the charges of \
                each lane add up to what the service says it charged. Anything else ends with exit status 4.

                The column ordered is no for a charge whose order is not in this wallet: another signer's, or one from before \
                the wallet's files were lost.

                \(ChannelExit.help)
                """)

        @Argument(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @OptionGroup var options: ChannelOptions
        @Option(help: "Write CSV to this file; default: to standard output.")
        var out: String?
        @Option(help: "Write each charge's receipt to this folder, as N.json.")
        var receipts: String?

        func run() async throws {
            try await ChannelSession.run(channel, options) { session in
                let statement = try await ChannelStatementReader(session: session, receipts: receipts).read()
                let text =
                    options.wallet.json
                    ? try ChannelOutput.text(statement) + "\n"
                    : ChargeRow.header + statement.charges.map(\.csv).joined()
                if let out {
                    do {
                        try Data(text.utf8).write(to: URL(fileURLWithPath: out), options: .atomic)
                    } catch {
                        throw OperatorError("\(out) can't be written: \(Presentation.reason(of: error)).")
                    }
                } else {
                    print(text, terminator: "")
                }
                ChannelOutput.note(
                    "\(statement.charges.count) charges, \(session.currency.both(statement.charged)) in all; "
                        + "every proof is good and nothing is missing.")
            }
        }
    }
}

/// A channel's charges.
struct ChannelStatementShown: Encodable {
    let channelId: Bytes32
    let logId: Bytes32
    let charged: Amount
    let charges: [ChargeRow]
}

/// One charge of a statement.
struct ChargeRow: Encodable {
    let number: UInt64
    let time: UInt64
    let lane: UInt32
    let epoch: UInt64
    let logIndex: UInt64
    let envelopeHash: Bytes32
    let bytes: UInt32
    let expiryDay: UInt32
    let schedule: UInt32
    let base: Amount
    let storage: Amount
    let congestion: Amount
    let postage: Amount
    let total: Amount
    let ordered: Bool

    static let header =
        "number,time,lane,epoch,log_index,envelope_hash,bytes,expiry_day,schedule,base,storage,congestion,postage,total,"
        + "ordered\n"

    init(_ proof: ChargeProof, lane: UInt32, isOrdered: Bool) throws {
        let charge = proof.receipt.charge
        number = charge.number
        time = proof.receipt.acceptedAt
        self.lane = lane
        epoch = charge.epoch
        logIndex = proof.receipt.leaf.index
        envelopeHash = charge.envelopeHash
        bytes = charge.bytes
        expiryDay = charge.expiryDay.number
        schedule = charge.schedule
        base = charge.price.base
        storage = charge.price.storage
        congestion = charge.price.congestion
        postage = charge.price.postage
        total = try charge.price.total
        ordered = isOrdered
    }

    /// One line; no value needs quotes.
    var csv: String {
        "\(number),\(time),\(lane),\(epoch),\(logIndex),\(envelopeHash),\(bytes),\(expiryDay),\(schedule),\(base),"
            + "\(storage),\(congestion),\(postage),\(total),\(ordered ? "yes" : "no")\n"
    }
}

/// Reads and checks all charges of a channel.
struct ChannelStatementReader {
    let session: ChannelSession
    /// Where receipts are written, if anywhere.
    let receipts: String?

    func read() async throws -> ChannelStatementShown {
        if let receipts { try Self.make(receipts) }
        let account = try await session.synchronized().account
        var rows: [ChargeRow] = []
        var seen: Set<UInt64> = []
        for lane in account.lanes.sorted(by: { $0.lane < $1.lane }) {
            let own = try await read(lane: lane.lane)
            for row in own where !seen.insert(row.number).inserted {
                throw Unproven("The service lists charge \(row.number) twice.")
            }
            let sum = try Amount.sum(own.map(\.total))
            guard sum == lane.charged else {
                throw Unproven(
                    "The service says that it charged \(lane.charged) units on lane \(lane.lane), but the \(own.count) charges "
                        + "that it proves add up to \(sum).")
            }
            rows += own
        }
        guard Set(rows.map(\.envelopeHash)).count == rows.count else {
            throw Unproven("The service charged one envelope twice.")
        }
        return ChannelStatementShown(
            channelId: session.id, logId: session.service.genesis.logID, charged: try account.charged, charges: rows)
    }

    private func read(lane: UInt32) async throws -> [ChargeRow] {
        var rows: [ChargeRow] = []
        var from: UInt64?
        repeat {
            let page = try await session.channel.charges(lane: lane, from: from, now: .now)
            for charge in page.charges {
                guard charge.receipt.charge.number < rows.last?.number ?? .max else {
                    throw Unproven("The service's charges of lane \(lane) are out of order.")
                }
                let order = try order(charge)
                rows.append(try ChargeRow(charge, lane: lane, isOrdered: order != nil))
                if let receipts { try write(charge, order, to: receipts) }
            }
            guard page.next == nil || !page.charges.isEmpty else {
                throw Unproven("The service's charges of lane \(lane) do not end.")
            }
            from = page.next
        } while from != nil
        return rows
    }

    /// The order that this wallet gave for a charge, and that it was kept; `nil` where it knows none.
    private func order(_ charge: ChargeProof) throws -> Item? {
        let number = charge.receipt.charge.number
        let path = session.wallet.receiptPath(of: session.id, charge: number)
        let kept: ReceiptDocument
        do {
            kept = try ReceiptDocument(json: try PrivateFile(path: path).read(bytesMax: ReceiptDocument.bytesMax))
        } catch PrivateFileError.missing {
            return nil
        }
        guard let item = kept.item?.item else { return nil }
        let document = ReceiptDocument(
            genesis: session.service.genesis, channelID: session.id, item: item, receipt: charge.receipt,
            salt: charge.salt)
        let size = charge.receipt.head.head.size
        _ = try document.check(logKey: session.service.keys.key(of: .log, at: size))
        let before = try Receipt(canonicalBytes: kept.receipt.bytes)
        guard before.leaf == charge.receipt.leaf else {
            throw Unproven("Charge \(number) is another than the one whose receipt is \(path).")
        }
        return item
    }

    private func write(_ charge: ChargeProof, _ order: Item?, to folder: String) throws {
        let document = ReceiptDocument(
            genesis: session.service.genesis, channelID: session.id, item: order, receipt: charge.receipt,
            salt: charge.salt)
        try PrivateFile(path: "\(folder)/\(charge.receipt.charge.number).json").replace(document.json)
    }

    private static func make(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw OperatorError("\(folder) can't be made: \(Presentation.reason(of: error)).")
        }
    }
}
