import ArgumentParser
import Channels
import Payer
import Primitives

/// `feesvc admin schedule`.
struct AdminScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule", abstract: "Announce the fees that follow the last schedule.",
        discussion: """
            What is not given stays as in the last schedule. Shows what messages cost now and then. Rates may at most double \
            or halve in one change, and have notice; docs/protocol.md §4 has the bounds.
            """)

    @Option(help: "The base fee of a message, in units.")
    var messageFee: String?
    @Option(help: "The storage fee of a byte and day, in units.")
    var storageFee: String?
    @Option(help: "The fee for each unit of congestion, in units.")
    var congestionFee: String?
    @Option(help: "Messages a minute up to which there is no congestion; 0 for none at any rate.")
    var targetPerMinute: UInt32?
    @Option(help: "Postage, in units.")
    var postage: String?
    @Option(help: "For how long postage can be given back, in seconds.")
    var postageWindow: UInt64?
    @Option(help: "The fewest days of storage.")
    var retentionMin: UInt32?
    @Option(help: "The most days of storage.")
    var retentionMax: UInt32?
    @Option(help: "The largest payload.")
    var bytesMax: UInt32?
    @Option(help: "When it takes effect, Unix seconds; default: an hour after the earliest moment.")
    var effectiveFrom: UInt64?
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await Presentation.reportingErrors {
            try await admin.connect { connection in
                let known: SchedulesBody = try await connection.service.client.get("/v1/schedules")
                guard let last = known.schedules.last?.schedule.schedule,
                    let inForce = known.schedules.last(where: { $0.state == .inForce })?.schedule.schedule
                else { throw OperatorError("The service shows no schedule in force.") }
                let change = connection.service.genesis.scheduleChange
                let proposed = try proposal(after: last, moments: change.moments(after: last, now: known.time))
                let preview = SchedulePreview(inForce: inForce, proposed: proposed)
                print("Schedule \(proposed.version), from \(proposed.effectiveFrom); \(inForce.version) is in force.")
                print(TextTable.render(SchedulePreview.columns, preview.cells))
                do throws(ScheduleRefusal) {
                    try change.check(proposed, after: last, now: known.time)
                } catch {
                    throw OperatorError("\(error.code): \(error.detail)")
                }
                try await connection.order(
                    .schedule(proposed), done: "Schedule \(proposed.version) is announced.")
            }
        }
    }

    private func proposal(after last: FeeSchedule, moments: ClosedRange<UInt64>) throws -> FeeSchedule {
        FeeSchedule(
            version: last.version == .max ? .max : last.version + 1,
            effectiveFrom: effectiveFrom ?? min(moments.lowerBound.addingClamped(3_600), moments.upperBound),
            base: try amount(messageFee, "--message-fee") ?? last.base,
            storagePerByteDay: try amount(storageFee, "--storage-fee") ?? last.storagePerByteDay,
            congestionUnit: try amount(congestionFee, "--congestion-fee") ?? last.congestionUnit,
            targetPerMinute: targetPerMinute ?? last.targetPerMinute,
            postage: try amount(postage, "--postage") ?? last.postage,
            postageWindow: postageWindow ?? last.postageWindow,
            retentionDaysMin: retentionMin ?? last.retentionDaysMin,
            retentionDaysMax: retentionMax ?? last.retentionDaysMax, bytesMax: bytesMax ?? last.bytesMax)
    }

    private func amount(_ text: String?, _ name: String) throws -> Amount? {
        guard let text else { return nil }
        guard let amount = Amount(decimal: text) else {
            throw OperatorError("\(name) is \(text); it must be a whole number of units below 2^128.")
        }
        return amount
    }
}
