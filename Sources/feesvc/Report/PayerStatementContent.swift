import Channels
import Ledger
import Primitives
import Reports
import Rewards
import Storage

/// Gathers a payer's or a channel's statement from the database.
struct PayerStatementContent {
    static let chargeColumns = [
        "number", "time", "channel", "lane", "epoch", "log_index", "envelope_hash", "bytes", "expiry_day", "schedule",
        "base", "storage", "congestion", "postage", "total",
    ]
    static let refundColumns = ["log_index", "time", "charge", "channel", "part", "ground", "purse", "amount"]

    let transaction: Transaction
    let state: LogState
    let period: ReportPeriod
    let payer: PayerChannels

    private var store: PayerStore { PayerStore(transaction, payer) }

    var subject: ReportScope.Subject {
        payer.isAll ? .payer(payer.payer) : .channel(payer.channels[0].id)
    }

    /// The folder's name: `statement-epoch-0003-payer-0x…`.
    var name: String {
        switch subject {
        case .channel(let id): "statement-\(period.name)-channel-\(id.hex)"
        default: "statement-\(period.name)-payer-\(payer.payer.hex)"
        }
    }

    /// The statement without its journal.
    func statement() async throws -> PayerStatement {
        let sums = try await store.sums(period.leaves)
        func moved(_ place: PayerStore.Sum.Place) -> [PayerStatement.Moved] {
            sums.filter { $0.place == place }.map { PayerStatement.Moved(count: $0.count, $0.movement) }
        }
        return PayerStatement(
            before: moved(.before), within: moved(.within),
            channels: try await channels(sums), payable: try await payable(),
            owed: try await store.owed(period.leaves).map {
                PayerStatement.Owed(
                    channel: $0.channel, ground: $0.ground, opening: $0.opening, decided: $0.decided, paid: $0.paid,
                    closing: $0.closing)
            })
    }

    /// The channels that moved by the period's end, as the sub-ledger has them there: what is available now, less what came
    /// and plus what went since; and what is held of the charges.
    private func channels(_ sums: [PayerStore.Sum]) async throws -> [PayerStatement.Channel] {
        let day = try await ReportStore(transaction).lastMidnight(
            before: period.leaves.upperBound, genesis: state.genesis)
        let held = try await store.held(before: period.leaves.upperBound, after: day)
        let after = Dictionary(grouping: sums.filter { $0.place == .after }, by: \.movement.channel)
        let moved = Set(sums.filter { $0.place != .after }.compactMap(\.movement.channel))
        return try payer.channels.filter { moved.contains($0.id) }.map { channel in
            let since = try PayerStatement.change(ofAvailable: (after[channel.id] ?? []).map(\.movement))
            return PayerStatement.Channel(
                id: channel.id, available: try channel.available.adding(since.less).subtracting(since.more),
                held: held[channel.id] ?? RefundParts())
        }
    }

    private func payable() async throws -> (account: Address, inBooks: Amount)? {
        guard payer.isAll else { return nil }
        let account = LedgerAccount.payable(payer.payer)
        let totals = try await ReportStore(transaction).totals(before: period.entries.upperBound)
        return (payer.payer, try (totals[account] ?? AccountTotals()).balance(of: account))
    }

    /// Writes the statement below `parent` and returns the folder.
    func write(
        _ formats: Set<ReportFormat>, under parent: String, sign: ([UInt8]) -> Signature?
    ) async throws -> String {
        let statement = try await statement()
        let report = try statement.report(try await period.scope(subject, transaction, state))
        let files = ReportFiles(name: name, formats: formats) { run in
            try await writeJournal(statement, to: &run)
        } lists: { file in
            let listed = try await writeCharges(formats, file)
            guard listed == (try statement.charged) else { throw StatementFault.charges }
            try await writeRefunds(formats, file)
        }
        return try await files.write(report, under: parent, sign: sign)
    }

    private func writeJournal(_ statement: PayerStatement, to run: inout ReportRun) async throws {
        var epochs = try await EpochStore(transaction).all().map { (first: $0.firstIndex, number: $0.number) }[...]
        var journal = StatementJournal(statement.accounts)
        try await store.forEachMovement(period.leaves) { index, time, movement in
            while let next = epochs.dropFirst().first, next.first <= index { epochs.removeFirst() }
            let epoch = epochs.first?.number ?? 1
            if let entry = try journal.take(movement, leaf: index, time: time, epoch: epoch) { try run.append(entry) }
        }
        if let entry = journal.finish() { try run.append(entry) }
    }

    private func writeCharges(
        _ formats: Set<ReportFormat>, _ file: (String) throws -> FileSink
    ) async throws -> PayerStatement.Charged {
        var charged = PayerStatement.Charged()
        var list = try StatementList("charges", columns: Self.chargeColumns, formats, file: file)
        try await store.forEachCharge(period.leaves) { found in
            let (charge, price) = (found.charge, found.charge.price)
            charged = PayerStatement.Charged(
                count: charged.count + 1, total: try charged.total.adding(try price.total))
            try list.append([
                .integer(charge.number), .integer(try found.leaf.origin().time), .text(found.channel.hex),
                .integer(UInt64(found.lane)), .integer(charge.epoch), .integer(found.leaf.index),
                .text(charge.envelopeHash.hex), .integer(UInt64(charge.bytes)), .text(charge.expiryDay.description),
                .integer(UInt64(charge.schedule)), .amount(price.base), .amount(price.storage),
                .amount(price.congestion), .amount(price.postage), .amount(try price.total),
            ])
        }
        try list.finish()
        return charged
    }

    private func writeRefunds(_ formats: Set<ReportFormat>, _ file: (String) throws -> FileSink) async throws {
        var list = try StatementList("refunds", columns: Self.refundColumns, formats, file: file)
        try await store.forEachRefund(period.leaves) { refund, time, channel in
            try list.append([
                .integer(refund.logIndex), .integer(time), .integer(refund.charge), .text(channel.hex),
                .text(refund.part), .text(refund.ground.name), .text(refund.source.rawValue), .amount(refund.amount),
            ])
        }
        try list.finish()
    }
}
