import ArgumentParser
import Node

/// What a node's clients may ask for.
struct ClientOptions: ParsableArguments {
    @Option(
        help: """
            Envelopes a second that one client may publish; each 16 KiB of a payload beyond the first counts as one more. A client \
            is an IPv4 address, or the first 64 bits of an IPv6 address.
            """)
    var clientEnvelopes = NodeClientBudgets.envelopeRate.perSecond
    @Option(help: "How many of them a client that was quiet may send at once.")
    var clientEnvelopesBurst = NodeClientBudgets.envelopeRate.burst
    @Option(help: "Orders to delete a second that one client may send; they are free, so there are few.")
    var clientOrders = NodeClientBudgets.orderRate.perSecond
    @Option(help: "How many of them a client that was quiet may send at once.")
    var clientOrdersBurst = NodeClientBudgets.orderRate.burst
    @Option(
        help: """
            Orders to delete a second that one peer may bring and that are forged or known. Orders that are new are not counted.
            """)
    var peerOrders = NodeLimits().uselessOrders.perSecond
    @Option(help: "How many of them a peer that was quiet may bring at once.")
    var peerOrdersBurst = NodeLimits().uselessOrders.burst
    @Flag(
        help: """
            A proxy in front says in X-Forwarded-For who the client is. Only where clients can't reach the node but through it: \
            who can, would name itself anew with each request.
            """)
    var behindProxy = false
    @Option(
        help: """
            A file of what this node neither publishes nor shows to clients: a line is `topic 0x…`, `address 0x…` (an owner of \
            closed topics, or an author in them) or `originator N`; # begins a comment. It is read again when it changes. What \
            it denies is replicated all the same.
            """)
    var denyList: String?

    func validate() throws {
        for (name, value) in [
            ("--client-envelopes", clientEnvelopes), ("--client-envelopes-burst", clientEnvelopesBurst),
            ("--client-orders", clientOrders), ("--client-orders-burst", clientOrdersBurst),
            ("--peer-orders", peerOrders), ("--peer-orders-burst", peerOrdersBurst),
        ] where value < 1 {
            throw ValidationError("\(name) is 0; it is a whole number from 1.")
        }
    }

    /// The clients' budgets.
    var budgets: NodeClientBudgets {
        NodeClientBudgets(
            envelopes: BudgetRate(perSecond: clientEnvelopes, burst: clientEnvelopesBurst),
            orders: BudgetRate(perSecond: clientOrders, burst: clientOrdersBurst))
    }

    /// What peers may bring.
    var uselessOrders: BudgetRate { BudgetRate(perSecond: peerOrders, burst: peerOrdersBurst) }
}
