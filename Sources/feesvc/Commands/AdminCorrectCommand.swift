import ArgumentParser
import Channels
import Payer
import Primitives

/// `feesvc admin correct`.
struct AdminCorrectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correct", abstract: "Put right where a sealed epoch's result sent money.",
        discussion: """
            A sealed epoch never changes. The correction is an act in the log and an entry of the epoch that is open, and names the \
            epoch that it corrects; feesvc report --epoch N --restated shows the split before, what was corrected, and after. From \
            an operator no more is taken than it has not claimed. What an operator is given is in its next proof.

              feesvc admin correct --epoch 3 --from rewards:0x… --to rewards:0x… --amount 0.5USD --reason 'swapped payouts' --yes
            """)

    @Option(help: "The sealed epoch.")
    var epoch: UInt64
    @Option(help: "Where the money is: pool (the open epoch's), protocol, or rewards:0x… of an operator.")
    var from: String
    @Option(help: "Where it belongs, written alike.")
    var to: String
    @Option(help: "How much: units, or an amount with the currency.")
    var amount: String
    @Option(help: "Why, for whoever reads the books: up to 256 bytes.")
    var reason: String
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await Presentation.reportingErrors {
            try await admin.connect { connection in
                let currency = Currency(connection.service.genesis)
                let units = try currency.read(amount, option: "--amount")
                let (from, to) = (try Self.purse(from, "--from"), try Self.purse(to, "--to"))
                guard
                    let correction = Correction(epoch: epoch, from: from, to: to, amount: units, reason: reason)
                else {
                    throw OperatorError(
                        "A correction moves more than 0 between two different purses, with a reason of 1 to "
                            + "\(Correction.reasonBytesMax) bytes.")
                }
                print("\(currency.text(units)) from \(from.name) to \(to.name), in the name of epoch \(epoch).")
                try await connection.order(
                    .correct(correction), done: "It is moved; feesvc report --epoch \(epoch) --restated shows it.")
            }
        }
    }

    private static func purse(_ text: String, _ option: String) throws -> Correction.Purse {
        guard let purse = Correction.Purse(name: text.lowercased()) else {
            throw OperatorError("\(option) is pool, protocol, or rewards: and an operator's address; \(text) is none.")
        }
        return purse
    }
}
