import Channels
import Primitives
import Synchronization

@testable import Node

/// What happens in closed topics, and what has to hold of them at the end.
extension World {
    /// Somebody publishes in a closed topic, at one node or two; now and then an originator that asks nobody lets it in.
    func publishClosed() async {
        guard let place = pick(nodes), let node = place.node, let owner = pick(Self.owners) else { return }
        let conduct: ClosedCrowd.Conduct? =
            chance(50) ? pick([.ownerPublishes, .memberPublishes]) : pick(ClosedCrowd.Conduct.allCases)
        let (number, time) = state.withLock { state in
            state.envelopes += 1
            return (state.envelopes, state.time)
        }
        let crowd = ClosedCrowd(owner: owner, domain: network.log.domain, time: time)
        let day = UTCDay(containing: time).number + random(1..<12)
        guard let conduct, let envelope = try? crowd.envelope(conduct, number: number, expiry: day) else {
            return note("no envelope")
        }
        state.withLock { state in
            _ =
                conduct.isRightful
                ? state.rightful.insert(envelope.hash) : state.wrongful.insert(envelope.hash)
        }
        let receipt = network.log.charge([envelope])[0]
        guard !chance(40) else { return await letIn(envelope, receipt) }
        for publisher in ([place] + (chance(25) ? nodes : [])).prefix(2) {
            let outcome = await (publisher.node ?? node).publish([(envelope: envelope, receipt: receipt)])[0]
            guard publisher.node != nil, publisher.behaviour == nil else { continue }
            note("closed \(publisher.number) \(conduct) \(outcome.refusal?.code ?? "")")
            guard case .accepted(_, _, let event) = outcome else { continue }
            let topic = ClosedCrowd.topics(of: owner).first { $0.id == envelope.head.topic }
            guard let topic = topic?.topic else { continue }
            let message = Message(event: event, charge: receipt.charge.number, envelope: envelope, topic: topic)
            state.withLock { $0.acknowledged.append(message) }
        }
    }

    /// A registered node that checks nothing signs the event and shows it to two others, first and last.
    private func letIn(_ envelope: Envelope, _ receipt: Receipt) async {
        var originator = TestOriginator(forger, log: network.log)
        originator.sequence = 1_000 + receipt.charge.number
        originator.previous = Bytes32(integer: UInt128(receipt.charge.number))
        let wire = originator.event(envelope, receipt: receipt, sequence: originator.sequence)
        for to in [pick(honest), pick(honest)] {
            guard let core = to?.node?.core else { continue }
            guard let result = try? await core.take([wire], from: forger).results.first else { continue }
            note("closed, let in \(result)")
        }
    }

    /// What is wrong with a page of messages.
    func closedFaults(_ page: [StoredMessage], _ number: UInt32) -> [String] {
        let (rightful, wrongful) = state.withLock { ($0.rightful, $0.wrongful) }
        return page.filter { ClosedTopic.isClosed($0.envelope.head.topic) }.compactMap { message in
            let hash = message.envelope.hash
            guard !wrongful.contains(hash), rightful.contains(hash) else {
                return "node \(number) shows \(hash) in a closed topic"
            }
            return nil
        }
    }
}
