import AsyncHTTPClient
import Channels
import Payer
import Primitives
import Rewards

/// What a replay did, as the driver counted it.
struct DemoCounts: Sendable {
    var accepted = 0
    var rejected = 0
    var claimedTwice = 0
    /// What payers were told goes back, by ground.
    var refunds: [RefundGround: RefundTally] = [:]
    var attestations: [UInt64: Int] = [:]
    var claimed: [UInt32: Amount] = [:]

    var welcomed: Int { refunds[.welcomed]?.count ?? 0 }
    var refunded: Int { refunds.values.reduce(0) { $0 + $1.count } }
}

/// Replays a trace: owns the clock, sends what the trace says, and stops at each deadline.
actor DemoDriver {
    private let trace: Trace
    private let topics: TraceTopics
    private let identities: DemoIdentities
    private let network: DemoNetwork
    private let service: ServiceConnection
    private let progress: ProgressBar
    private let retentionDays: UInt32
    private let concurrency: Int
    private let settlement: SecretKey
    private var plan: DemoPlan
    private let refunds: DemoRefunds
    private var payers: [Int: DemoPayer] = [:]
    /// Second gateways of senders.
    private var gateways: [Int: DemoPayer] = [:]
    private var time: UInt64
    private var killed: (node: Int, at: UInt64)?
    private(set) var counts = DemoCounts()

    /// The node that is killed: the last one.
    private static let minimumToKill = 4

    init(
        trace: Trace, identities: DemoIdentities, network: DemoNetwork, service: ServiceConnection,
        progress: ProgressBar, nodeCount: Int, retentionDays: UInt32
    ) throws {
        self.trace = trace
        self.identities = identities
        self.network = network
        self.service = service
        self.progress = progress
        self.retentionDays = retentionDays
        concurrency = 32
        settlement = try network.settlementKey()
        refunds = DemoRefunds(identities: identities, service: service)
        topics = TraceTopics(trace.messages, window: service.schedule.postageWindow)
        time = service.genesis.start
        plan = DemoPlan(
            trace.messages, epochs: service.genesis.epochs, isKilling: nodeCount >= Self.minimumToKill)
    }

    /// Runs to the last edge.
    func run() async throws {
        while let step = plan.nextStep() {
            try Task.checkCancellation()
            switch step {
            case .group(let range): try await send(range)
            case .stops(let stops): try await stop(at: stops)
            }
        }
        counts.refunds = await refunds.told
    }

    // MARK: Sending

    private func send(_ range: Range<Int>) async throws {
        try await moveClock(to: trace.messages[range.upperBound - 1].sentAt)
        let bySender = Dictionary(grouping: range) { trace.messages[$0].sender }
        for sender in bySender.keys.sorted() where payers[sender] == nil {
            payers[sender] = try await openPayer(sender)
        }
        let now = time
        let sent = try await withThrowingTaskGroup(of: [(place: Int, sent: SentEnvelope)].self) { group in
            var waiting = bySender.sorted { $0.key < $1.key }[...]
            var results: [(place: Int, sent: SentEnvelope)] = []
            for _ in 0..<concurrency {
                guard let (sender, places) = waiting.popFirst() else { break }
                try addTask(to: &group, sender, places, now)
            }
            while let result = try await group.next() {
                results += result
                if let (sender, places) = waiting.popFirst() { try addTask(to: &group, sender, places, now) }
            }
            return results
        }
        for one in sent { await note(one.sent, at: one.place) }
        for place in range {
            guard let name = topics.welcomes[place] else { continue }
            try await refunds.welcome(name, by: trace.messages[place].sender, at: time)
        }
        for one in sent.sorted(by: { $0.place < $1.place }) { try await payAgain(one.sent, at: one.place) }
        progress.advance(by: range.count, note: "\(UTCDay(containing: time))")
    }

    private func note(_ sent: SentEnvelope, at place: Int) async {
        let message = trace.messages[place]
        switch sent {
        case .accepted(let charge, let head):
            counts.accepted += 1
            guard topics.stories[message.topic]?.opening == place, let payer = payers[message.sender] else { return }
            plan.notePostage(endingAt: time + service.schedule.postageWindow)
            await refunds.note(PaidOpening(channel: payer.channel, charge: charge, head: head), of: message.topic)
        case .rejected(let reason):
            counts.rejected += 1
            progress.say("message \(place + 1) of sender \(message.sender) was refused: \(reason)")
        }
    }

    private func addTask(
        to group: inout ThrowingTaskGroup<[(place: Int, sent: SentEnvelope)], any Error>, _ sender: Int,
        _ places: [Int], _ now: UInt64
    ) throws {
        guard let payer = payers[sender] else { return }
        let orders = places.map { order($0) }
        group.addTask { try await zip(places, payer.send(orders, at: now)).map { (place: $0, sent: $1) } }
    }

    /// Now and then a gateway does not hear that a message was paid, and another one pays for it again.
    private func payAgain(_ sent: SentEnvelope, at place: Int) async throws {
        guard place.isMultiple(of: DemoRefunds.messagesPerDouble), case .accepted(let first, _) = sent else { return }
        let sender = trace.messages[place].sender
        let known = gateways[sender]
        let gateway = if let known { known } else { try await openPayer(sender, gateway: "/second") }
        gateways[sender] = gateway
        let charge = try await gateway.payAgain(order(place, isAgain: true), at: time)
        try await refunds.show(charge, after: first, on: gateway.channel)
    }

    private func order(_ place: Int, isAgain: Bool = false) -> EnvelopeOrder {
        let message = trace.messages[place]
        let story = topics.stories[message.topic]
        let owner = story?.reply.map { trace.messages[$0].sender }
        return EnvelopeOrder(
            message: message, number: place, topic: identities.topic(message.topic, owner: owner).id,
            isOpening: story?.opening == place && !isAgain)
    }

    private func openPayer(_ sender: Int, gateway: String = "") async throws -> DemoPayer {
        var order = await network.nodes.map(\.registered)
        var generator = SplitMix64(seed: identities.seed ^ UInt64(bitPattern: Int64(sender)))
        order.shuffle(using: &generator)
        return try await DemoPayer(
            sender: sender, gateway: gateway, identities: identities, service: service, settlement: settlement,
            publisher: Publisher(http: network.http, domain: service.domain, nodes: order),
            retentionDays: retentionDays)
    }

    // MARK: Stops

    private func stop(at stops: [DemoStop]) async throws {
        guard let moment = stops.first?.time else { return }
        for stop in stops {
            switch stop {
            case .kill:
                try await waitUntilOnMajority()
                try await kill(at: moment)
            case .midnight: try await waitUntilOnAllRunning()
            case .deliveryCut(let epoch, _):
                try await waitUntilOnMajority()
                try await network.order(.collect(epoch: epoch), on: service)
            case .edge: try await waitUntilOnMajority()
            case .postage: break
            }
        }
        try await moveClock(to: moment)
        for stop in stops {
            switch stop {
            case .midnight: try await waitUntilProbed(UTCDay(containing: moment))
            case .deliveryCut(let epoch, _): try await refunds.hearOfDoubles(in: epoch, at: moment)
            case .edge(let epoch, _): try await finish(epoch)
            case .kill, .postage: break
            }
        }
    }

    private func moveClock(to moment: UInt64) async throws {
        guard moment > time else { return }
        try await network.order(.clock(moment), on: service)
        time = moment
    }

    private func kill(at moment: UInt64) async throws {
        let last = await network.nodes.count - 1
        await network.killNode(last)
        killed = (last, moment)
        progress.say("\(UTCDay(containing: time)): node \(last + 1) was killed with SIGKILL")
    }

    private func finish(_ epoch: UInt64) async throws {
        if let killed, epoch >= 2 {
            try await network.restartNode(killed.node)
            try await waitUntilOnAllRunning()
            let day = UTCDay(containing: time)
            progress.say("\(day): node \(killed.node + 1) is back and has caught up with its peers")
            try await declareOutage(of: killed.node, since: killed.at)
            self.killed = nil
        }
        try await network.order(.seal(epoch: epoch), on: service)
        let operators = DemoOperators(
            identities: identities, service: service, nodes: await network.nodes.map(\.registered))
        let outcome = try await operators.attestAndClaim(epoch)
        counts.attestations[epoch] = outcome.attestations
        counts.claimedTwice += outcome.paidTwice
        for (node, amount) in outcome.claimed {
            counts.claimed[node] = try (counts.claimed[node] ?? .zero).adding(amount)
        }
        progress.say(
            "\(UTCDay(containing: time)): epoch \(epoch) is sealed, attested by \(outcome.attestations) operators and claimed"
        )
    }

    /// The operators of the nodes that went on declare what the network lacked, day by day.
    private func declareOutage(of node: Int, since begin: UInt64) async throws {
        let nodes = await network.nodes.map(\.registered)
        let operators = nodes.indices.filter { $0 != node }.map { identities.nodeOperator($0 + 1) }
        for outage in DemoRefunds.outages(from: begin, to: time, ofOneIn: nodes.count) {
            let told = try await refunds.declare(outage, by: operators)
            progress.say(
                "\(UTCDay(containing: time)): \(operators.count) operators declare an outage of \(outage.day): "
                    + (told.map { "\($0) units go back" } ?? "nothing was stored then"))
        }
    }

    // MARK: Barriers

    private func waitUntilOnMajority() async throws {
        let published = UInt64(counts.accepted)
        try await wait(for: "what was published to be on a majority of nodes") { held, all in
            2 * held.count(where: { $0 >= published }) > all
        }
    }

    private func waitUntilOnAllRunning() async throws {
        let published = UInt64(counts.accepted)
        try await wait(for: "what was published to be on all nodes") { held, _ in
            held.allSatisfy { $0 >= published }
        }
    }

    private func wait(
        for what: String, _ isTrue: @Sendable (_ held: [UInt64], _ all: Int) -> Bool
    ) async throws {
        let network = network
        try await network.wait(for: what, of: await network.processes, seconds: 120) {
            var held: [UInt64] = []
            for node in await network.running { held.append(try await network.status(of: node).messages) }
            return isTrue(held, await network.nodes.count)
        }
    }

    private func waitUntilProbed(_ day: UTCDay) async throws {
        let network = network
        try await network.wait(for: "the nodes to have probed each other", of: await network.processes, seconds: 120) {
            for node in await network.running
            where try await network.status(of: node).probedThrough < day.number { return false }
            return true
        }
    }
}
