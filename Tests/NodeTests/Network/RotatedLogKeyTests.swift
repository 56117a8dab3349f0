import Channels
import Primitives
import Testing

@testable import Node

@Suite struct RotatedLogKeyTests {
    private let network = TestNetwork()

    /// The head of a log of `size` leaves by a key.
    private func head(_ size: UInt64, by key: SecretKey) -> SignedHead {
        let head = LogHead(
            logID: network.log.genesis.logID, size: size, root: .zero, time: TestLog.start + 10 + size, epoch: 1)
        return SignedHead(head: head, signature: key.sign(network.log.domain.digest(of: head.statement)))
    }

    @Test func `a node takes heads of a new log key once it was shown the rotation, and the old key's no more`()
        async throws
    {
        let log = network.log
        let new = SecretKey(seed: 8, label: "log")
        let statement = KeyRotationStatement(role: KeyRole.log.rawValue, key: new.address, nonce: 1)
        let rotation = KeyRotation(
            role: .log, key: new.address, proof: new.sign(log.domain.digest(of: statement)))
        let act = AdminAct(.rotate(rotation), nonce: 1)
        var keys = KeyHistory(log.genesis)
        try keys.follow(
            LoggedAct(index: 5, act: act, signature: log.admin.sign(log.domain.digest(of: act.statement))))

        let node = try await network.node(1)
        try await node.observe(head(5, by: log.key))
        let stolen = head(6, by: log.key)
        try await node.observe(stolen)
        await #expect(throws: NodeError.headSignature) { try await node.observe(head(6, by: new)) }
        node.learn(keys)
        try await node.observe(head(6, by: new))
        // What the old key signed before stays a proof of what was paid, and says no more what time it is or what is sealed.
        #expect(node.core.heads.isTrusted(head(5, by: log.key)))
        await #expect(throws: NodeError.headSignature) { try await node.observe(head(5, by: log.key)) }
        await #expect(throws: NodeError.headSignature) { try await node.observe(log.seal(1)) }
        let far = SignedHead(
            head: LogHead(
                logID: log.genesis.logID, size: 1, root: .zero, time: TestLog.start + 900 * 86_400, epoch: 400),
            signature: log.key.sign(.zero))
        let signed = SignedHead(head: far.head, signature: log.key.sign(log.domain.digest(of: far.head.statement)))
        try await node.core.learn(LogNews(head: signed, seal: log.seal(1_000_000)))
        #expect(node.newestHead?.head.size == 6)
        #expect(await node.core.floorDue() == nil)
        await #expect(throws: NodeError.headSignature) { try await node.observe(stolen) }
        // A shorter history takes nothing back.
        node.learn(KeyHistory(log.genesis))
        try await node.observe(head(7, by: new))
    }
}
