import Channels
import Primitives
import Testing

@testable import Node

@Suite struct ClosedTopicAdmissionTests {
    private let network = TestNetwork()
    private let owner = SecretKey(seed: 1, label: "owner")
    private static let time = TestLog.start + 3_600

    private var crowd: ClosedCrowd { ClosedCrowd(owner: owner, domain: network.log.domain, time: Self.time) }

    private static let codes: [ClosedCrowd.Conduct: String] = [
        .strangerPublishes: "author/not-a-member", .listIsOver: "author/ended", .listIsEarly: "author/not-yet",
        .listOfAnotherTopic: "author/other-topic", .ownList: "author/list-signature", .noProof: "author/form",
        .anothersPlace: "author/not-a-member", .signedForAnother: "author/signature",
        .memberWhereOwnerOnly: "author/not-the-owner",
    ]

    private func node(_ number: UInt32) async throws -> ReplicationNode {
        let node = try await network.node(number)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        return node
    }

    @Test func `a publisher is told why a message has no place in its topic, and nothing is stored of it`() async throws
    {
        let node = try await node(1)
        for (place, conduct) in ClosedCrowd.Conduct.allCases.enumerated() {
            let envelope = try crowd.envelope(conduct, number: UInt64(place), expiry: 20_500)
            let paid = network.paid([envelope])
            let outcome = await node.publish(paid)[0]
            #expect(outcome.refusal?.code == Self.codes[conduct], "\(conduct)")
            #expect((outcome.event != nil) == conduct.isRightful, "\(conduct)")
            if let refusal = outcome.refusal {
                #expect(!refusal.isRetryable, "\(conduct)")
                // The envelope is at fault, so no money goes back for the node's word.
                #expect(node.signedRefusal(of: paid[0].receipt.charge, for: refusal) == nil, "\(conduct)")
            }
        }
        #expect(await node.status().events == 2)
        await node.close()
    }

    @Test func `what a node that checks nothing lets in, no other takes`() async throws {
        let node = try await node(1)
        var two = TestOriginator(2, log: network.log)
        for (place, conduct) in ClosedCrowd.Conduct.allCases.enumerated() {
            let wire = two.next(try crowd.envelope(conduct, number: UInt64(place), expiry: 20_500))
            let result = try await node.core.take([wire], from: 2).results
            #expect(result == [conduct.isRightful ? .new : .refused], "\(conduct)")
        }
        await node.close()
    }

    @Test(arguments: 1...6)
    func `nodes that are shown the same in any order hold the same`(_ seed: UInt64) async throws {
        var originators = [TestOriginator(2, log: network.log), TestOriginator(3, log: network.log)]
        var events: [WireEvent] = []
        for number in 0..<44 as Range<UInt64> {
            let conduct = ClosedCrowd.Conduct.allCases[Int(number) % ClosedCrowd.Conduct.allCases.count]
            let place = Int(number % 2)
            let links = originators[1 - place].sequence > 0 ? [originators[1 - place].previous] : []
            events.append(
                originators[place].next(try crowd.envelope(conduct, number: number, expiry: 20_500), links: links))
        }
        var states: Set<SetState> = []
        var pages: [[Bytes32]] = []
        for (number, order) in [events, events.reversed(), events.shuffled(seed: seed)].enumerated() {
            let node = try await node(UInt32(number) + 1)
            for event in order { _ = try await node.core.take([event], from: 3) }
            states.insert(await node.core.store.state())
            var page: [Bytes32] = []
            for topic in ClosedCrowd.topics(of: owner) { page += await node.messages(in: topic.id).map(\.id) }
            pages.append(page)
            await node.close()
        }
        #expect(states.count == 1 && Set(pages).count == 1)
        #expect(pages[0].count == 8)
    }

    @Test(arguments: [false, true])
    func
        `with its owner's order to delete a message is admitted whatever its author was, also where it was refused before`(
            _ isRefusedBefore: Bool
        ) async throws
    {
        let node = try await node(1)
        var two = TestOriginator(2, log: network.log)
        let envelope = try crowd.envelope(.strangerPublishes, number: 1, expiry: 20_500)
        let wire = two.next(envelope)
        if isRefusedBefore { #expect(try await node.core.take([wire], from: 2).results == [.refused]) }
        let topic = ClosedCrowd.topics(of: owner)[1].topic
        func order(by key: SecretKey) -> WireEvent {
            let statement = DeletionStatement(topic: envelope.head.topic, envelopeHash: envelope.hash)
            let deletion = Deletion(
                head: envelope.head, topic: topic, signature: key.sign(network.log.domain.digest(of: statement)))
            return WireEvent(event: wire.event, signature: wire.signature, envelope: deletion.canonicalBytes)
        }
        let forged = order(by: SecretKey(seed: 2, label: "stranger"))
        #expect(try await node.core.take([forged], from: 2).results == [.refused])
        #expect(try await node.core.take([order(by: owner)], from: 2).results == [.new])
        #expect(await node.messages(in: envelope.head.topic).isEmpty)
        #expect(try await node.core.take([wire], from: 2).results == [.known])
        #expect(await node.messages(in: envelope.head.topic).isEmpty)
        await node.close()
    }
}
