import ArgumentParser
import Channels
import Payer
import Primitives

/// `feesvc admin close`.
struct AdminCloseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Begin the close of a channel.",
        discussion: """
            The channel takes no vouchers from now on; after the challenge window what is left becomes payable to its payer. The \
            log names the channel by a commitment only.
            """)

    @Argument(help: "The channel's id.")
    var channel: String
    @OptionGroup var admin: AdminOptions

    func validate() throws {
        guard Bytes32(hex: channel) != nil else {
            throw ValidationError("A channel's id is 0x and 64 lower-case hex digits.")
        }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            guard let id = Bytes32(hex: channel) else { return }
            var generator = SystemRandomNumberGenerator()
            let salt = Bytes32((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }) ?? .zero
            let opening = CommitmentOpening(channelID: id, salt: salt)
            try await admin.connect { connection in
                let until = connection.service.admission.challengeWindow
                print("Channel \(id) would take no vouchers any more and close in \(until) seconds.")
                try await connection.order(
                    .close(commitment: opening.commitment), opening: opening, done: "The channel is closing.")
            }
        }
    }
}
