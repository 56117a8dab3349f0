import Channels
import Ledger
import Primitives
import Rewards
import Storage

/// The tables of an epoch's report. Those that follow from the inputs alone are built by the same functions here and in
/// an audit, so that an audit compares files byte by byte.
enum EpochTables {
    /// Totals of the epoch: flows in its range, balances at its edge.
    static func summary(_ epoch: UInt64, _ replay: EpochReplay, _ result: EpochResult) throws -> ReportTable {
        let held = try replay.heldNow()
        let flows = replay.flows
        let clock = replay.genesis.epochs
        let rows: [(String, ReportCell)] = [
            ("epoch", .integer(epoch)), ("start", .integer(clock.beginning(of: epoch))),
            ("edge", .integer(clock.edge(of: epoch))), ("charged", .amount(flows.charged)),
            ("captured base", .amount(flows.base)), ("captured storage", .amount(flows.storage)),
            ("captured postage", .amount(flows.postage)),
            ("captured", .amount(try Amount.sum([flows.base, flows.storage, flows.postage]))),
            ("captured congestion", .amount(flows.congestion)),
            ("refunded", .amount(flows.refunded)), ("refunded by stakes", .amount(flows.fromStakes)),
            ("refunded by the pool", .amount(flows.repaid)), ("postages welcomed", .integer(UInt64(flows.welcomed))),
            ("held base", .amount(held.base)), ("held congestion", .amount(held.congestion)),
            ("held storage", .amount(held.storage)), ("held postage", .amount(held.postage)),
            ("held", .amount(try held.total)),
            ("dust in", .amount(result.dustIn)), ("grants", .amount(replay.rewards.grants)),
            ("corrected into the pool", .amount(replay.rewards.corrected.into)),
            ("corrected out of the pool", .amount(replay.rewards.corrected.outOf)),
            ("pool", .amount(result.pool)), ("applications", .amount(result.apps)),
            ("protocol", .amount(result.protocolIncome)), ("rewards", .amount(result.rewards)),
            ("dust", .amount(result.dust)), ("root", .text(result.root.hex)), ("result", .text(result.hash.hex)),
            ("log size", .integer(replay.frontier.size)), ("log root", .text(replay.frontier.root.hex)),
        ]
        return ReportTable(name: "summary", columns: ["figure", "value"], rows: rows.map { [.text($0), $1] })
    }

    /// What each operator earned, and from what.
    static func rewards(_ replay: EpochReplay, _ result: EpochResult) -> ReportTable {
        let operators = Dictionary(
            replay.nodes.map { ($0.node.number, $0.node.registration) }
        ) { first, _ in first }
        return ReportTable(
            name: "rewards",
            columns: [
                "node", "operator", "payout", "stake", "held_ppb", "available_ppb", "attested_ppb", "quality_ppb",
                "earned",
                "shared", "taken", "reward", "cumulative",
            ],
            rows: result.rows.map { row in
                [
                    .integer(UInt64(row.node)), .text(operators[row.node]?.operatorAddress.hex ?? ""),
                    .text(row.payout.hex), .amount(operators[row.node]?.stake ?? .zero),
                    .integer(UInt64(row.contribution.held)), .integer(UInt64(row.contribution.available)),
                    .integer(UInt64(row.contribution.attested)), .integer(UInt64(row.contribution.quality)),
                    .amount(row.earned), .amount(row.shared), .amount(row.taken), .amount(row.reward),
                    .amount(row.cumulative),
                ]
            })
    }

    /// Refunds by ground and part, with a line for each that went back.
    static func refunds(_ refunds: [(refund: RefundRecord, channel: Bytes32)]) -> ReportTable {
        ReportTable(
            name: "refunds", columns: refundColumns,
            rows: refunds.map { refund, channel in
                [
                    .integer(refund.logIndex), .integer(refund.charge), .text(refund.part), .text(refund.ground.name),
                    .text(refund.source.rawValue), .amount(refund.amount), .text(channel.hex),
                    .text("0x" + Hex.encode(refund.evidence)),
                ]
            })
    }

    static let refundColumns = ["log_index", "charge", "part", "ground", "source", "amount", "channel", "evidence"]

    /// An entry's rows: one for each posting.
    static func rows(_ entry: LedgerEntry) -> [[ReportCell]] {
        let (previous, hash) = (entry.previous.hex, entry.hash.hex)
        return entry.postings.map { posting in
            [
                .integer(entry.number), .integer(entry.time), .integer(entry.epoch), .text(entry.kind.rawValue),
                .text(entry.reference), .text(posting.account.name), .amount(posting.debit), .amount(posting.credit),
                .text(previous), .text(hash),
            ]
        }
    }

    static let journal = TableForm(
        name: "journal",
        columns: [
            "entry", "time", "epoch", "kind", "reference", "account", "debit", "credit", "previous", "hash",
        ])
}
