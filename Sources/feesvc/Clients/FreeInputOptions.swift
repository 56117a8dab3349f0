import ArgumentParser
import Node

/// What the service's clients may send that costs them nothing.
struct FreeInputOptions: ParsableArguments {
    private static let rate = BudgetRate(perSecond: 100, burst: 10_000)

    @Option(
        help: """
            Welcomes and deletions a second that one client may send. A client is an IPv4 address, or the first 64 bits of an IPv6 \
            address.
            """)
    var clientFreeInputs = rate.perSecond
    @Option(help: "How many of them a client that was quiet may send at once.")
    var clientFreeInputsBurst = rate.burst
    @Flag(
        help: """
            A proxy in front says in X-Forwarded-For who the client is. Only where clients can't reach the service but through \
            it: who can, would name itself anew with each request.
            """)
    var behindProxy = false

    func validate() throws {
        guard clientFreeInputs >= 1, clientFreeInputsBurst >= 1 else {
            throw ValidationError("--client-free-inputs and --client-free-inputs-burst are whole numbers from 1.")
        }
    }

    /// What they make.
    var budget: ClientBudget {
        Self.budget(BudgetRate(perSecond: clientFreeInputs, burst: clientFreeInputsBurst))
    }

    /// A budget of welcomes and deletions.
    static func budget(_ rate: BudgetRate = rate) -> ClientBudget { ClientBudget(rate, of: "welcomes and deletions") }
}
