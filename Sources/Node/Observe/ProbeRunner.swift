import Logging
import Primitives

/// Carries out the probe rounds that are due, one after another, all peers of a round at the same time.
struct ProbeRunner: Sendable {
    let core: NodeCore

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            guard let round = core.clock.nextRound() else {
                await core.clock.advanced.wait()
                continue
            }
            do {
                try await perform(round)
            } catch {
                guard !Task.isCancelled else { return }
                core.logger.error(
                    "a probe round could not be stored",
                    metadata: ["probe.day": "\(round.day)", "error": "\(error)"]
                )
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func perform(_ round: ProbeRound) async throws {
        let arrival = try await core.store.lastArrival()
        let findings = await withTaskGroup(of: ProbeFinding.self) { group in
            for peer in await core.partners {
                group.addTask { await probe(peer, round, arrival: arrival) }
            }
            var findings: [ProbeFinding] = []
            for await finding in group { findings.append(finding) }
            return findings.sorted { $0.peer < $1.peer }
        }
        try Task.checkCancellation()
        try await core.store.finish(round, findings)
        core.clock.finish(round)
        core.logger.debug(
            "probe round done",
            metadata: [
                "probe.day": "\(round.day)", "probe.epoch": "\(round.epoch)", "probe.peers": "\(findings.count)",
                "probe.answered": "\(findings.count { $0.isAnswered })",
            ]
        )
    }

    /// Probes one peer and, where it answers, challenges it; all within the time that a peer has.
    private func probe(_ peer: UInt32, _ round: ProbeRound, arrival: Int64) async -> ProbeFinding {
        let clock = ContinuousClock()
        let deadline = clock.now + core.limits.probeTimeout
        let session = try? await withDeadline(core.limits.probeTimeout) {
            let session = try await connection(to: peer)
            let nonce = Bytes32.random()
            let answer = try await session.ask(.probe(day: UInt64(round.day.number), nonce: nonce))
            guard answer == .probe(ProbeProofs.probe(nonce: nonce, answerer: peer)) else {
                throw PeerFailure.unexpected(type: answer.type)
            }
            return session
        }
        guard let session else { return ProbeFinding(peer: peer, isAnswered: false, challenges: 0, passed: 0) }
        let events = (try? await pick(peer, round, arrival: arrival)) ?? []
        let outcome = try? await withDeadline(max(.zero, deadline - clock.now)) {
            try await challenge(session, events)
        }
        return ProbeFinding(
            peer: peer,
            isAnswered: true,
            challenges: UInt32(outcome?.counted ?? events.count),
            passed: UInt32(outcome?.passed ?? 0)
        )
    }

    /// The connection to a peer; where there is none, one more attempt is made now and waited for.
    private func connection(to peer: UInt32) async throws -> PeerSession {
        let link = core.peers.link(to: peer)
        let failures = link.failures
        var hasAsked = false
        while true {
            if let session = link.session { return session }
            // The attempt under way may have begun before the peer was there: the one after it counts.
            guard link.failures < failures + 2 else { throw PeerFailure.closed }
            if !hasAsked || link.failures > failures { link.dialWanted.fire() }
            hasAsked = true
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func pick(_ peer: UInt32, _ round: ProbeRound, arrival: Int64) async throws -> [Bytes32] {
        let points = ProbeProofs.points(
            seed: core.configuration.seed,
            day: round.day,
            observer: core.number,
            subject: peer,
            count: min(core.limits.challenges, PeerQuestion.challengesMax)
        )
        let day = max(round.day, UTCDay(containing: core.clock.time))
        let shards = await core.store.held.filter { core.holdings.isAssigned(peer, to: $0) }
        return try await core.store.pick(points: points, in: shards, epoch: round.epoch, arrival: arrival, after: day)
    }

    /// How many challenges the peer passed, of those for which this node still has the payload itself: an owner may have had a
    /// message deleted meanwhile.
    private func challenge(
        _ session: PeerSession, _ events: [Bytes32]
    ) async throws -> (counted: Int, passed: Int) {
        guard !events.isEmpty else { return (0, 0) }
        let challenges = events.map { PeerQuestion.Challenge(event: $0, nonce: .random()) }
        guard case .challenge(let answers) = try await session.ask(.challenge(challenges)),
            answers.count == challenges.count
        else { return (events.count, 0) }
        var (counted, passed) = (0, 0)
        for (challenge, answer) in zip(challenges, answers) {
            guard let envelope = try await core.store.envelopeBytes(challenge.event) else { continue }
            counted += 1
            if answer == ProbeProofs.challenge(nonce: challenge.nonce, envelope: envelope) { passed += 1 }
        }
        return (counted, passed)
    }
}
