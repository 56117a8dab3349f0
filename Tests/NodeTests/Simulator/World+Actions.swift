import Channels
import Primitives
import Synchronization

@testable import Node

/// What happens in a world, one thing at a time.
extension World {
    func start(_ node: SimulatedNode) async throws {
        try await node.start(registry, peers: nodes.map(\.number).filter { $0 != node.number })
        note("start \(node.number)")
        if scenario.sharding.replication > 0 { try await assign(node) }
    }

    /// One step: something happens, or a task that talks to a peer goes on.
    func step(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        tick()
        let stopped = await turnstile.stopped()
        for node in nodes where node.node == nil { await node.bury() }
        if !stopped.isEmpty, chance(70), let task = pick(stopped) {
            turnstile.release(task)
            return
        }
        switch random(0..<100) {
        case 0..<22:
            if scenario.hasClosedTopics, chance(60) { return await publishClosed() }
            let publisher = await publish()
            if scenario.sharding.replication > 0, let publisher, chance(40) { await keepShards(publisher) }
        case 22..<40: await send()
        case 40..<62: await deliver()
        case 62..<76: converse(&group)
        case 76..<80: try await passTime()
        case 80..<83: if scenario.partitions { partition() }
        case 83..<88: if scenario.crashes { try await crash() }
        case 88..<91: if scenario.fullDisks { pick(nodes)?.fill(after: random(0..<30), count: random(1..<6)) }
        case 91..<94: await delete()
        case 94..<97: if scenario.hasForger { await forge() } else { try await moveShards() }
        default: for node in nodes where node.node == nil { try await start(node) }
        }
    }

    private func publish() async -> SimulatedNode? {
        guard let place = pick(nodes), let node = place.node else { return nil }
        let count = random(1..<4) * (place.behaviour == .flooding ? 10 : 1)
        var paid: [(topic: Topic, envelope: Envelope)] = []
        for _ in 0..<count {
            let topic = Topic(owner: Self.owners[random(0..<3)].address, salt: .zero)
            let number = state.withLock { state in
                state.envelopes += 1
                return state.envelopes
            }
            let day = UTCDay(containing: state.withLock { $0.time }).number + random(1..<12)
            let envelope = Envelope.sample(
                number, in: topic.id, bytes: random(0..<90), expiry: day,
                shardBits: scenario.sharding.bits)
            // Some are paid twice.
            paid += Array(repeating: (topic, envelope), count: chance(10) ? 2 : 1)
        }
        let receipts = network.log.charge(paid.map(\.envelope))
        let items = zip(paid, receipts).map { (envelope: $0.envelope, receipt: $1) }
        let publishers = chance(25) ? [place] + nodes.filter { $0.number != place.number && $0.node != nil } : [place]
        for publisher in publishers.prefix(2) {
            let outcomes = await (publisher.node ?? node).publish(items)
            guard publisher.node != nil, publisher.behaviour == nil else { continue }
            for (place, outcome) in outcomes.enumerated() {
                guard case .accepted(_, _, let event) = outcome else { continue }
                let message = Message(
                    event: event, charge: receipts[place].charge.number, envelope: paid[place].envelope,
                    topic: paid[place].topic)
                state.withLock { $0.acknowledged.append(message) }
                note("ack \(publisher.number) \(event)")
            }
        }
        return place
    }

    /// Pushed frames leave a node.
    private func send() async {
        guard let from = pick(nodes), let core = from.node?.core else { return }
        for to in core.others where to != forger {
            let events = core.peers.link(to: to).nextPush()
            guard !events.isEmpty else { continue }
            let question = PeerQuestion.push(events)
            let frame = PeerFrame(type: question.type, request: 1, body: question.body)
            state.withLock { $0.mail.append((from.number, to, frame)) }
            if from.behaviour == .flooding { flood(events, frame, from: from.number, to: to) }
        }
    }

    /// A frame comes ten times, and ten times with something broken in it.
    private func flood(_ events: [WireEvent], _ frame: PeerFrame, from: UInt32, to: UInt32) {
        for _ in 0..<10 {
            let broken = state.withLock { state in events.map { $0.changed(&state.generator) } }
            let body = PeerQuestion.push(broken).body
            state.withLock {
                $0.mail += [(from, to, frame), (from, to, PeerFrame(type: frame.type, request: 1, body: body))]
            }
        }
    }

    /// A frame arrives, or is lost, or comes twice.
    private func deliver() async {
        let count = state.withLock { $0.mail.count }
        guard count > 0 else { return }
        let place = random(0..<count)
        let isTwice = chance(15)
        let (from, to, frame) = state.withLock { isTwice ? $0.mail[place] : $0.mail.remove(at: place) }
        guard !chance(scenario.loss), isJoined(from, to), let core = node(to).node?.core else { return }
        let answer = await PeerResponder(core: core, peer: from).answer(frame)
        note("push \(from) \(to) \(answer.type)")
    }

    /// A node begins to talk to a peer, as it does on a connection and in every period.
    func converse(_ group: inout ThrowingDiscardingTaskGroup<any Error>) {
        guard let from = pick(nodes), let to = pick(nodes.filter { $0.number != from.number }),
            from.node != nil, to.node != nil, isJoined(from.number, to.number)
        else { return }
        start(from, to, isPatient: chance(50), &group)
    }

    func start(
        _ from: SimulatedNode, _ to: SimulatedNode, isPatient: Bool,
        _ group: inout ThrowingDiscardingTaskGroup<any Error>
    ) {
        guard let core = from.node?.core else { return }
        let task = state.withLock { state in
            state.tasks += 1
            return state.tasks
        }
        turnstile.begin()
        group.addTask { [self] in
            defer { turnstile.end() }
            let link = SimulatedLink(self, task: task, from: from, to: to)
            guard let claims = claims[from.number] else { return }
            func replica(_ shard: Shard) -> SimulatedReplica {
                SimulatedReplica(
                    world: self, task: task, healed: HealedReplica(core: core, peer: to.number, shard: shard),
                    claims: claims)
            }
            let reconciler = SetReconciler(fetchMax: 8, takesMax: scenario.takes)
            do {
                try await core.hear(link, from: to.number)
                try await core.learn(try await link.news())
                var timesAhead: [Shard: Int] = [:]
                let isEqual = try await core.heal(
                    from: link, peer: to.number, isPatient: isPatient, reconciler: reconciler, timesAhead: &timesAhead,
                    replica: replica)
                let any = Shard(number: 0)
                try await reconciler.fetchAncestors(for: replica(any), from: link.on(any))
                note("\(from.number) from \(to.number): \(isEqual ? "equal" : "differs")")
            } catch {
                note("\(from.number) from \(to.number): \(error)")
            }
        }
    }

    private func passTime() async throws {
        let time = state.withLock { state in
            state.time += UInt64.random(in: 0...scenario.hours * 3_600, using: &state.generator)
            return state.time
        }
        network.log.setTime(time)
        for node in nodes where chance(60) { try await tell(node) }
    }

    /// The service tells a node the time and what is sealed.
    func tell(_ place: SimulatedNode) async throws {
        guard let node = place.node else { return }
        let time = state.withLock { $0.time }
        let sealed = (time - TestLog.start) / TestLog.epochSeconds
        do {
            try await node.observe(scenario.wildClocks ? wildHead(time) : network.log.head())
            if sealed > 0 { try await node.observe(network.log.seal(sealed)) }
            try await Eviction(core: node.core).advance()
        } catch {
            note("tell \(place.number): \(error)")
        }
        await look(at: place, sealed: sealed)
    }

    /// A head as a clock that is wrong has it: ten minutes early or late, an hour back, or of 2038.
    private func wildHead(_ time: UInt64) -> SignedHead {
        let shifts: [Int64] = [0, 600, -600, -3_600]
        let wrong = chance(2) ? 2_147_483_648 : max(TestLog.start, UInt64(Int64(time) + shifts[random(0..<4)]))
        network.log.setTime(wrong)
        defer { network.log.setTime(time) }
        return network.log.head()
    }

    /// A floor never goes back, and never passes the end of what is sealed.
    private func look(at place: SimulatedNode, sealed: UInt64) async {
        guard let floor = await place.node?.core.store.floor else { return }
        let edge = UTCDay(containing: TestLog.start + sealed * TestLog.epochSeconds)
        state.withLock { state in
            if floor < state.floors[place.number, default: floor] {
                state.violations.append("the floor of node \(place.number) went back to \(floor)")
            }
            if floor > edge { state.violations.append("the floor \(floor) passed what is sealed, up to \(edge)") }
            state.floors[place.number] = floor
        }
    }

    private func partition() {
        let groups = nodes.map { ($0.number, random(0..<2)) }
        let isWhole = chance(40)
        state.withLock { $0.groups = isWhole ? [:] : Dictionary(uniqueKeysWithValues: groups) }
    }

    private func crash() async throws {
        guard let node = pick(nodes) else { return }
        if node.node == nil { return try await start(node) }
        node.die(after: random(0..<60))
    }

    private func delete() async {
        let known = state.withLock { $0.acknowledged + $0.forged }
        guard let message = pick(known), let node = pick(honest), let engine = node.node else { return }
        guard let owner = Self.owners.first(where: { $0.address == message.topic.owner }) else { return }
        let statement = DeletionStatement(topic: message.topic.id, envelopeHash: message.envelope.hash)
        let deletion = Deletion(
            head: message.envelope.head, topic: message.topic,
            signature: owner.sign(network.log.domain.digest(of: statement)))
        state.withLock { _ = $0.ordered.insert(message.charge) }
        guard let outcome = try? await engine.delete(deletion, charge: message.charge) else { return }
        if [.deleted, .known].contains(outcome) { state.withLock { _ = $0.deleted.insert(message.charge) } }
    }

    /// An originator that nobody runs signs two events on one sequence, or for one charge, and shows each to somebody else.
    private func forge() async {
        var originator = TestOriginator(forger, log: network.log)
        originator.sequence = random(0..<4)
        if originator.sequence > 0 { originator.previous = Bytes32(integer: UInt128(random(1..<3) as Int)) }
        let day = UTCDay(containing: state.withLock { $0.time }).number + random(1..<12)
        let numbers = state.withLock { state in
            state.envelopes += 2
            return [state.envelopes - 1, state.envelopes]
        }
        let topic = Topic(owner: Self.owners[0].address, salt: .zero)
        let envelopes = numbers.map { Envelope.sample($0, in: topic.id, expiry: day) }
        let receipts = network.log.charge(envelopes)
        let isSameCharge = chance(50)
        let messages = zip(envelopes, receipts).map { envelope, receipt in
            Message(event: .zero, charge: receipt.charge.number, envelope: envelope, topic: topic)
        }
        state.withLock { $0.forged += isSameCharge ? [messages[0]] : messages }
        for (place, to) in [pick(honest), pick(honest)].enumerated() {
            guard let to, let core = to.node?.core else { continue }
            let paid = isSameCharge ? 0 : place
            let sequence = originator.sequence + 1 + UInt64(isSameCharge ? place : 0)
            let wire = originator.event(envelopes[paid], receipt: receipts[paid], sequence: sequence)
            _ = try? await core.take([wire], from: forger)
        }
    }
}
