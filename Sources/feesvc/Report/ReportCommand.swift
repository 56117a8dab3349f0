import ArgumentParser
import Channels
import Foundation
import Primitives
import Reports
import Storage

/// `feesvc report`.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write the books of an epoch or of UTC days in the formats of accountants' tools.",
        discussion: """
            JSON (docs/report.schema.json), CSV, XLSX with live formulas and check cells, and journals for hledger, ledger and \
            beancount, all from one pass over the ledger. The schedules lead each account from opening to closing and are tied to \
            the journal to the last unit; a report in which anything disagrees is not written. The same period gives the same \
            bytes on any day, in any time zone and language. manifest.csv has each file's SHA-256; with --sign it is signed.

              feesvc report --data-dir feesvc-data --epoch 3
              feesvc report --data-dir feesvc-data --from 2024-01-01 --through 2024-01-31 --format xlsx --format hledger

            Single charges are in feesvc export; these reports hold the ledger's own entries.

            Somebody's own statement, in the same formats: what its accounts did in the period, from its own view. A payer's: its \
            channels from opening to closing, charges by part, refunds by ground, what is payable, and each charge in charges.csv \
            and charges.json. An operator's: rewards with what was measured, penalties, claims, what is outstanding, stake.

              feesvc report --data-dir feesvc-data --epoch 3 --payer 0x…
              feesvc report --data-dir feesvc-data --from 2024-01-01 --through 2024-01-31 --operator 0x… --sign keys/log.key
            """)

    @OptionGroup var options: LedgerOptions
    @OptionGroup var statement: StatementOptions
    @Option(help: "The epoch.")
    var epoch: UInt64?
    @Flag(help: "Show the epoch's split with what was corrected in its name since.")
    var restated = false
    @Option(help: "The first day, as 2024-01-01 (UTC).", transform: Self.day)
    var from: UTCDay?
    @Option(help: "The last day, which is part of the report.", transform: Self.day)
    var through: UTCDay?
    @Option(
        name: .customLong("format"), help: "json, csv, xlsx, hledger, ledger or beancount; repeat it. Default: all.")
    var formats: [ReportFormat] = []
    @Option(help: "The folder to write to.")
    var out = "./reports"
    @Option(help: "A key file, as keys/log.key, that signs the manifest.")
    var sign: String?
    @OptionGroup var passphrase: PassphraseOptions

    func validate() throws {
        guard (epoch == nil) != (from == nil), (from == nil) == (through == nil) else {
            throw ValidationError("Say of what: --epoch, or --from and --through.")
        }
        guard !restated || !statement.isOfSomebody else {
            throw ValidationError("--restated is of the books; a correction stands in the statement of its own epoch.")
        }
        guard !restated || epoch != nil else {
            throw ValidationError("--restated is of an epoch; corrections made in a range of days are in its report.")
        }
    }

    private static func day(_ text: String) throws -> UTCDay {
        guard let day = UTCDay(text) else { throw ValidationError("\(text) is no day; write it as 2024-01-31.") }
        return day
    }

    /// Reports every sealed epoch in all formats.
    static func reportSealed(_ pool: PostgresPool, out: String) async throws {
        try await pool.withTransaction(isolation: .readOnly) { transaction in
            guard let state = try await LogStore(transaction).state() else { return }
            for epoch in try await EpochStore(transaction).all() where epoch.result != nil {
                let period = try await ReportPeriod.epoch(epoch.number, transaction, state)
                let report = try await ReportContent(transaction: transaction, state: state, period: period).report()
                _ = try await ReportFiles(
                    transaction: transaction, period: period, formats: Set(ReportFormat.allCases)
                ).write(report, under: out) { _ in nil }
            }
        }
    }

    func run() async throws {
        let key = try await passphrase.key(sign)
        try await options.read { transaction in
            guard let state = try await LogStore(transaction).state() else {
                throw OperatorError("This database holds no instance.")
            }
            var period: ReportPeriod
            var corrected: (epoch: UInt64, corrections: [CorrectionStore.Stored])?
            if let epoch {
                period = try await .epoch(epoch, transaction, state)
                if restated {
                    let corrections = try await CorrectionStore(transaction).of(epoch)
                    period = try period.restated(by: corrections)
                    corrected = (epoch, corrections)
                }
            } else if let from, let through {
                period = try await .days(from, through: through, transaction, state)
            } else {
                preconditionFailure("validate() asks for one of the two")
            }
            let wanted = formats.isEmpty ? Set(ReportFormat.allCases) : Set(formats)
            let seal: ([UInt8]) -> Signature? = { manifest in
                key.map { $0.sign(state.genesis.domain.digest(of: ManifestStatement(manifest: SHA256.hash(manifest)))) }
            }
            let path: String
            if let written = try await statement.write(transaction, state, period, wanted, under: out, sign: seal) {
                path = written
            } else {
                let report = try await ReportContent(
                    transaction: transaction, state: state, period: period, restated: corrected
                ).report()
                path = try await ReportFiles(transaction: transaction, period: period, formats: wanted).write(
                    report, under: out, sign: seal)
            }
            if options.json { return try ChannelOutput.json(["folder": path]) }
            print(path)
        }
    }
}

extension ReportFormat: ExpressibleByArgument {}

/// `Manifest`: somebody vouches for the files of a report by the hash of its manifest.
struct ManifestStatement: TypedStatement, Hashable {
    static let typeHash = EIP712.typeHash("Manifest(bytes32 manifest)")
    /// SHA-256 of the manifest's bytes.
    let manifest: Bytes32

    var words: [Bytes32] { [manifest] }
}

extension UTCDay {
    /// Reads a day as `2024-01-31`; `nil` where it is none.
    init?(_ text: String) {
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
        guard let date = try? style.parse(text), date.formatted(style) == text, date.timeIntervalSince1970 >= 0 else {
            return nil
        }
        self.init(containing: UInt64(date.timeIntervalSince1970))
    }
}
