import ArgumentParser
import Channels

/// `feesvc admin pause`.
struct AdminPauseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Stop charging until feesvc admin resume.",
        discussion: """
            Vouchers that would be charged are refused with voucher/paused and may be sent again; what was charged keeps its \
            receipts, and deposits, refunds, deadlines, epochs and claims go on.
            """)

    @OptionGroup var admin: AdminOptions

    func run() async throws { try await admin.orderPause(true) }
}

/// `feesvc admin resume`.
struct AdminResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Let charging go on after a pause.")

    @OptionGroup var admin: AdminOptions

    func run() async throws { try await admin.orderPause(false) }
}

extension AdminOptions {
    fileprivate func orderPause(_ isPaused: Bool) async throws {
        try await Presentation.reportingErrors {
            try await connect { connection in
                guard connection.isPaused != isPaused else {
                    return print(isPaused ? "Charging is paused already." : "Charging is not paused.")
                }
                print(isPaused ? "Charging would stop." : "Charging would go on.")
                try await connection.order(
                    .pause(isPaused), done: isPaused ? "Charging is paused." : "Charging goes on.")
            }
        }
    }
}
