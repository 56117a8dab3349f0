import AsyncHTTPClient
import Channels
import Payer
import Primitives
import Rewards

/// What a replay did, as the driver counted it.
struct DemoCounts: Sendable {
    var accepted = 0
    var rejected = 0
    var welcomed = 0
    var claimedTwice = 0
    var attestations: [UInt64: Int] = [:]
    var claimed: [UInt32: Amount] = [:]
}

/// Replays a trace: owns the clock, sends what the trace says, and stops at each deadline.
actor DemoDriver {
    private let trace: Trace
    private let topics: TraceTopics
    private let identities: DemoIdentities
    private let network: DemoNetwork
    private let service: ServiceConnection
    private let progress: DemoProgress
    private let retentionDays: UInt32
    private let concurrency: Int
    private let settlement: SecretKey
    private var plan: DemoPlan
    private var payers: [Int: DemoPayer] = [:]
    private var openings: [TraceMessage.TopicName: PaidOpening] = [:]
    private var time: UInt64
    private var killed: Int?
    private(set) var counts = DemoCounts()

    /// An opening that was paid, kept until it is welcomed.
    private struct PaidOpening {
        let sender: Int
        let charge: UInt64
        let head: EnvelopeHead
    }

    /// The node that is killed: the last one.
    private static let minimumToKill = 4

    init(
        trace: Trace, identities: DemoIdentities, network: DemoNetwork, service: ServiceConnection,
        progress: DemoProgress, nodeCount: Int, retentionDays: UInt32
    ) throws {
        self.trace = trace
        self.identities = identities
        self.network = network
        self.service = service
        self.progress = progress
        self.retentionDays = retentionDays
        concurrency = 32
        settlement = try network.settlementKey()
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
        for one in sent { note(one.sent, at: one.place) }
        for place in range { try await welcome(at: place) }
        progress.advance(by: range.count, note: "\(UTCDay(containing: time))")
    }

    private func note(_ sent: SentEnvelope, at place: Int) {
        let message = trace.messages[place]
        switch sent {
        case .accepted(let charge, let head):
            counts.accepted += 1
            guard topics.stories[message.topic]?.opening == place else { return }
            plan.notePostage(endingAt: time + service.schedule.postageWindow)
            openings[message.topic] = PaidOpening(sender: message.sender, charge: charge, head: head)
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
        let orders = places.map(order)
        group.addTask { try await zip(places, payer.send(orders, at: now)).map { (place: $0, sent: $1) } }
    }

    private func order(_ place: Int) -> EnvelopeOrder {
        let message = trace.messages[place]
        let story = topics.stories[message.topic]
        let owner = story?.reply.map { trace.messages[$0].sender }
        return EnvelopeOrder(
            message: message, number: place, topic: identities.topic(message.topic, owner: owner).id,
            isOpening: story?.opening == place)
    }

    private func openPayer(_ sender: Int) async throws -> DemoPayer {
        var order = await network.nodes.map(\.registered)
        var generator = SplitMix64(seed: identities.seed ^ UInt64(bitPattern: Int64(sender)))
        order.shuffle(using: &generator)
        return try await DemoPayer(
            sender: sender, identities: identities, service: service, settlement: settlement,
            publisher: Publisher(http: network.http, domain: service.domain, nodes: order),
            retentionDays: retentionDays)
    }

    private func welcome(at place: Int) async throws {
        guard let name = topics.welcomes[place], let opening = openings.removeValue(forKey: name) else { return }
        let sender = trace.messages[place].sender
        let statement = WelcomeStatement(topic: opening.head.topic, envelopeHash: opening.head.hash)
        let welcome = Welcome(
            head: opening.head, topic: identities.topic(name, owner: sender),
            signature: identities.owner(of: name, sender: sender).sign(service.domain.digest(of: statement)))
        let refund: RefundBody = try await service.client.post(
            "/v1/welcomes", WelcomeBody(charge: opening.charge, welcome: HexBytes(welcome.canonicalBytes)))
        try await payers[opening.sender]?.channel.refunded(refund.amount)
        counts.welcomed += 1
    }

    // MARK: Stops

    private func stop(at stops: [DemoStop]) async throws {
        guard let moment = stops.first?.time else { return }
        for stop in stops {
            switch stop {
            case .kill:
                try await waitUntilOnMajority()
                try await kill()
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
            if case .midnight = stop { try await waitUntilProbed(UTCDay(containing: moment)) }
            if case .edge(let epoch, _) = stop { try await finish(epoch) }
        }
    }

    private func moveClock(to moment: UInt64) async throws {
        guard moment > time else { return }
        try await network.order(.clock(moment), on: service)
        time = moment
    }

    private func kill() async throws {
        let last = await network.nodes.count - 1
        await network.killNode(last)
        killed = last
        progress.say("\(UTCDay(containing: time)): node \(last + 1) was killed with SIGKILL")
    }

    private func finish(_ epoch: UInt64) async throws {
        if let node = killed, epoch >= 2 {
            try await network.restartNode(node)
            killed = nil
            try await waitUntilOnAllRunning()
            progress.say("\(UTCDay(containing: time)): node \(node + 1) is back and has caught up with its peers")
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
