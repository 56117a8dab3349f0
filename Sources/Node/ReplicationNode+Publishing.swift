public import Channels
import Logging
public import Primitives

extension ReplicationNode {
    /// Takes envelopes in from publishers: one durable commit for the whole batch, one outcome for each, in order.
    ///
    /// What is accepted lies on this node's disk and is pushed to its peers at once. An envelope whose charge is held
    /// already is acknowledged again: with the same answer where it is this node's own event.
    @concurrent
    public func publish(_ batch: [(envelope: Envelope, receipt: Receipt)]) async -> [PublishOutcome] {
        let (outcomes, made) = await decide(batch)
        core.count(outcomes, made: made)
        return outcomes
    }

    private func decide(
        _ batch: [(envelope: Envelope, receipt: Receipt)]
    ) async -> (outcomes: [PublishOutcome], made: Int) {
        guard batch.count <= core.limits.publishBatch else {
            return (batch.map { _ in .refused(.batchTooLarge(limit: core.limits.publishBatch)) }, 0)
        }
        guard core.registry.key(of: core.number) == core.configuration.key.address else {
            return (batch.map { _ in .refused(.unregistered) }, 0)
        }
        let isPassed = await core.gate.pass(peers: core.partners) { [store = core.store] proven, mark in
            for (shard, sequence) in proven where await store.ownHighest(in: shard) < sequence { return false }
            for shard in await store.held where await store.ownHighest(in: shard) < mark { return false }
            return true
        }
        guard isPassed else {
            return (batch.map { _ in .refused(.healing) }, 0)
        }
        var refusals: [Int: PublishRefusal] = [:]
        var drafts: [PublishDraft] = []
        var newest: SignedHead?
        let held = Set(await core.store.held)
        for (place, item) in batch.enumerated() {
            do throws(EventRefusal) {
                let hash = item.envelope.hash
                let shard = core.rules.sharding.shard(ofEnvelope: hash)
                // Who is about to let go of a shard acknowledges nothing that it may not hold at the cut.
                guard held.contains(shard), core.holdings.isAssigned(core.number, to: shard) else {
                    throw .foreign(shard)
                }
                try core.rules.check(item.receipt, paysFor: item.envelope.head, hash: hash)
                guard item.receipt.canonicalBytes.count <= Receipt.bytesMax else {
                    throw .receipt(.form(.tooLong(limit: Receipt.bytesMax, found: item.receipt.canonicalBytes.count)))
                }
                let author = try core.rules.author(of: item.envelope, in: item.receipt)
                guard core.heads.isTrusted(item.receipt.head) else { throw .receipt(.headSignature) }
                try core.rules.checkSignatures(author)
                if let reason = core.policy.reason(againstPublishing: item.envelope) {
                    refusals[place] = .denied(reason)
                    continue
                }
                let head = item.receipt.head
                if head.head.isNewer(than: newest?.head), core.heads.isCurrent(head) { newest = head }
                drafts.append(PublishDraft(envelope: item.envelope, receipt: item.receipt))
            } catch {
                refusals[place] = refusal(of: error)
            }
        }
        await core.keepHeadEvidence()
        if let newest { core.advance(to: newest, isCurrent: true) }
        return await commit(drafts, newest: newest, refusals: refusals, count: batch.count)
    }

    private func commit(
        _ drafts: [PublishDraft],
        newest: SignedHead?,
        refusals: [Int: PublishRefusal],
        count: Int
    ) async -> (outcomes: [PublishOutcome], made: Int) {
        var decisions: [PublishDecision] = []
        do {
            if !drafts.isEmpty {
                decisions = try await core.publish(
                    Publication(
                        drafts: drafts,
                        signer: EventSigner(key: core.configuration.key, domain: core.domain),
                        time: core.clock.time,
                        head: newest,
                        proven: { [gate = core.gate] in gate.proven(in: $0) }
                    ))
            }
        } catch {
            core.logger.error("a batch could not be stored", metadata: ["error": "\(error)"])
            decisions = drafts.map { _ in .refused(.storage(isDiskFull: error.isDiskFull)) }
        }
        let made = decisions.compactMap { decision in
            if case .made(let wire, _, _) = decision { wire } else { nil }
        }
        if !made.isEmpty { core.admissions.fire() }
        core.spread(made)
        noteDisk(decisions)
        var decided = zip(drafts, decisions).makeIterator()
        let outcomes = (0..<count).map { place -> PublishOutcome in
            if let refusal = refusals[place] { return .refused(refusal) }
            guard let (draft, decision) = decided.next() else { return .refused(.storage(isDiskFull: false)) }
            return outcome(of: decision, for: draft)
        }
        return (outcomes, made.count)
    }

    /// The disk has no room where an envelope was refused for it, and has some where one was taken.
    private func noteDisk(_ decisions: [PublishDecision]) {
        for decision in decisions {
            switch decision {
            case .refused(.storage(isDiskFull: true)): core.lines.disk(isFull: true, budget: core.limits.diskBytes)
            case .made: core.lines.disk(isFull: false, budget: core.limits.diskBytes)
            case .refused, .held: break
            }
        }
    }

    private func outcome(of decision: PublishDecision, for draft: PublishDraft) -> PublishOutcome {
        switch decision {
        case .refused(.event(let error)): .refused(refusal(of: error))
        case .refused(let refusal): .refused(refusal)
        case .held(let event, let time), .made(_, let event, let time):
            acknowledge(event, draft.receipt.charge, time: time)
        }
    }

    private func refusal(of error: EventRefusal) -> PublishRefusal {
        guard case .foreign(let shard) = error else { return .event(error) }
        return .foreign(shard, holders: holders(of: shard))
    }

    private func acknowledge(_ event: Bytes32, _ charge: Charge, time: UInt64) -> PublishOutcome {
        let acknowledgement = Acknowledgement(
            node: core.number,
            event: event,
            charge: charge.number,
            envelopeHash: charge.envelopeHash,
            time: time
        )
        let signature = core.configuration.key.sign(core.domain.digest(of: acknowledgement.statement))
        return .accepted(acknowledgement: acknowledgement, signature: signature, event: event)
    }

    /// What a publisher may show for its money back, where this node could not take an envelope whose receipt is good:
    /// signed, or `nil` where the envelope or its receipt is at fault, or nobody knows this node's key.
    public func signedRefusal(
        of charge: Charge, for refusal: PublishRefusal
    ) -> (refusal: NodeRefusal, signature: Signature)? {
        switch refusal {
        case .healing, .storage, .denied: break
        case .batchTooLarge, .event, .foreign, .late, .unregistered: return nil
        }
        let statement = NodeRefusal(
            node: core.number, charge: charge.number, envelopeHash: charge.envelopeHash, code: refusal.code,
            time: core.clock.time)
        return (statement, core.configuration.key.sign(core.domain.digest(of: statement.statement)))
    }
}
