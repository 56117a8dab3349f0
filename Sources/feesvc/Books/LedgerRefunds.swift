import ArgumentParser
import Channels
import Primitives
import Storage

/// `feesvc ledger refunds`.
struct LedgerRefunds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refunds",
        abstract: "What went back on a ground, part by part, with the entries that moved it.",
        discussion: """
            One entry gives back on several grounds: a cut, or what a pool paid. Here each part of a charge has a line, with \
            the entry that moved it and the leaf that says why; what a pool paid has a line for each leaf and channel. Their \
            number and sum are the figures of the report's schedule "Refunds by ground".

              feesvc ledger refunds --data-dir feesvc-data --epoch 3 --ground charged-twice
            """)

    @OptionGroup var options: LedgerOptions
    @OptionGroup var period: LedgerPeriod
    @Option(help: "Only this ground, as welcomed or deleted-early.", transform: Self.ground)
    var ground: RefundGround?
    @Option(help: "How many lines are listed at most; the sums are of all.")
    var limit = 100

    private static func ground(_ name: String) throws -> RefundGround {
        guard let ground = RefundGround.allCases.first(where: { $0.name == name }) else {
            throw ValidationError(
                "\(name) is no ground; there are \(RefundGround.allCases.map(\.name).joined(separator: ", ")).")
        }
        return ground
    }

    private struct Line: Encodable {
        let entry: UInt64
        let leaf: UInt64
        let ground: String
        let charge: UInt64?
        let part: String?
        let source: String
        let channel: Bytes32
        let amount: Amount
    }

    private struct Sum: Encodable {
        let ground: String
        var parts = 0
        var amount = Amount.zero
    }

    private struct Report: Encodable {
        let sums: [Sum]
        let listed: [Line]
    }

    func run() async throws {
        try await options.read { transaction in
            var sums: [RefundGround: Sum] = [:]
            var listed: [Line] = []
            let leaves = try await period.cut(transaction).leaves
            try await PeriodStore(transaction).forEachRefund(leaves) { moved in
                guard ground == nil || ground == moved.ground else { return }
                var sum = sums[moved.ground] ?? Sum(ground: moved.ground.name)
                sum.parts += 1
                sum.amount = try sum.amount.adding(moved.amount)
                sums[moved.ground] = sum
                guard listed.count < limit else { return }
                listed.append(
                    Line(
                        entry: moved.entry, leaf: moved.logIndex, ground: moved.ground.name, charge: moved.charge,
                        part: moved.part, source: moved.source.rawValue, channel: moved.channel,
                        amount: moved.amount))
            }
            let report = Report(sums: RefundGround.allCases.compactMap { sums[$0] }, listed: listed)
            guard !options.json else { return try ChannelOutput.json(report) }
            show(report)
        }
    }

    private func show(_ report: Report) {
        LedgerOutput.table(
            ["ground", "entry", "leaf", "charge", "part", "source", "channel", "amount"],
            report.listed.map {
                [
                    $0.ground, "\($0.entry)", "\($0.leaf)", $0.charge.map { "\($0)" } ?? "", $0.part ?? "", $0.source,
                    $0.channel.hex.prefix(10) + "…", $0.amount.decimal,
                ]
            })
        let count = report.sums.reduce(0) { $0 + $1.parts }
        if report.listed.count < count { print("… and \(count - report.listed.count) more; --limit lists them.") }
        LedgerOutput.table(
            ["sum", "parts", "amount"], report.sums.map { [$0.ground, "\($0.parts)", $0.amount.decimal] })
    }
}
