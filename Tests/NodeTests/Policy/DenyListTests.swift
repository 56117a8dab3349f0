import Channels
import Primitives
import Testing

@testable import Node

@Suite struct DenyListTests {
    private let network = TestNetwork()
    private let owner = SecretKey(seed: 1, label: "owner")
    private let topic = Bytes32(integer: 7).hex

    private func error(_ text: String) -> DenyListError? {
        do throws(DenyListError) {
            _ = try DenyList(text: Array(text.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test func `a list is read as it stands`() throws {
        let address = Address.zero
        let text =
            "# court order 12\n\ntopic \(topic)\naddress \(address.checksummed)\noriginator 7\noriginator 4294967295\n"
        let list = try DenyList(text: Array(text.utf8))
        #expect(
            list == DenyList(topics: [Bytes32(integer: 7)], addresses: [address], originators: [7, 4_294_967_295]))
        #expect(list.count == 4)
        #expect(try DenyList(text: []) == .empty)
    }

    @Test func `every slip is named by its line`() {
        #expect(error("topic\n") == .form(line: 1))
        #expect(error("\n\ntopic  \(topic)\n") == .form(line: 3))
        #expect(error("# fine\ntopic \(topic) \n") == .form(line: 2))
        #expect(error(" topic \(topic)") == .form(line: 1))
        #expect(error("topics \(topic)") == .kind(line: 1, found: "topics"))
        #expect(error("topic \(topic.dropLast())") == .value(line: 1, kind: "topic"))
        #expect(error("topic \(topic.uppercased())") == .value(line: 1, kind: "topic"))
        #expect(error("topic \(topic)\r\n") == .value(line: 1, kind: "topic"))
        #expect(error("address 0x12") == .value(line: 1, kind: "address"))
        for number in ["0", "-1", "07", "4294967296", "seven", "+7"] {
            #expect(error("originator \(number)") == .value(line: 1, kind: "originator"), "\(number)")
        }
        #expect(error("originator 7\n# again\noriginator 7\n") == .twice(line: 3, first: 1))
        #expect(error(String(repeating: "\n", count: 100_000)) == .tooLong(limit: 100_000))
        #expect(throws: DenyListError.notText) { try DenyList(text: [0xff]) }
        #expect("\(DenyListError.kind(line: 4, found: "node"))".contains("line 4"))
    }

    @Test func `topics, originators, and owners and authors of closed topics are found, and nobody else`() throws {
        let crowd = ClosedCrowd(owner: owner, domain: network.log.domain, time: TestLog.start)
        let open = Envelope.sample(1, in: Bytes32(integer: 7))
        let closed = try crowd.envelope(.memberPublishes, number: 1, expiry: 20_500)
        let author = try AuthoredPayload(canonicalBytes: closed.payload).author
        func list(_ topics: Set<Bytes32> = [], _ addresses: Set<Address> = [], _ nodes: Set<UInt32> = []) -> DenyList {
            DenyList(topics: topics, addresses: addresses, originators: nodes)
        }
        #expect(list([open.head.topic]).reason(against: open, originator: 1) == .topic(open.head.topic))
        #expect(list([open.head.topic]).reason(against: closed, originator: 1) == nil)
        #expect(list([], [author]).reason(against: closed, originator: 1) == .address(author))
        #expect(list([], [owner.address]).reason(against: closed, originator: nil) == .address(owner.address))
        #expect(list([], [owner.address, author]).reason(against: open, originator: 1) == nil)
        #expect(list([], [], [3]).reason(against: open, originator: 3) == .originator(3))
        #expect(list([], [], [3]).reason(against: open, originator: nil) == nil)
        #expect(DenyList.empty.reason(against: closed, originator: 3) == nil)
    }

    @Test func `what is denied is not published here, the node signs so, and it takes it from others all the same`()
        async throws
    {
        let node = try await network.node(1)
        await node.update(registry: (1...2).map { network.registered($0, port: 1) })
        let envelope = Envelope.sample(1, in: Bytes32(integer: 7))
        node.policy.replace(with: DenyList(topics: [envelope.head.topic], addresses: [], originators: []))
        let paid = network.paid([envelope, .sample(2)])
        let outcomes = await node.publish(paid)
        let refusal = try #require(outcomes[0].refusal)
        #expect(refusal == .denied(.topic(envelope.head.topic)) && refusal.code == "denied" && !refusal.isRetryable)
        #expect(outcomes[1].event != nil)
        let charge = paid[0].receipt.charge
        let signed = try #require(node.signedRefusal(of: charge, for: refusal))
        #expect(signed.refusal.code == "denied" && signed.refusal.charge == charge.number)
        #expect(node.policy.refused.published == 1)
        // What nobody paid for is refused for that, and nothing is signed.
        let unpaid = (envelope: envelope, receipt: paid[1].receipt)
        #expect(await node.publish([unpaid])[0].refusal?.code == "other_envelope")
        var two = TestOriginator(2, log: network.log)
        #expect(try await node.core.take([two.next(envelope, receipt: paid[0].receipt)], from: 2).results == [.new])
        #expect(await node.messages(in: envelope.head.topic).count == 1)
        #expect(node.policy.isWithheld(envelope, originator: 2) && node.policy.refused.shown == 1)
        node.policy.replace(with: .empty)
        #expect(!node.policy.isWithheld(envelope, originator: 2))
        await node.close()
    }
}
