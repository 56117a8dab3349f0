import AsyncHTTPClient
import Channels
import Logging
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

#if canImport(Glibc)
import Glibc
#endif

/// Counterparties that say nothing. docs/attacks.md 24.
struct SilentNodeTests {
    private let key = SecretKey(seed: 1, label: "operator")

    /// Its listening socket takes connections, and nobody ever reads them.
    @Test(.timeLimit(.minutes(10)))
    func `nodes that hang or are gone keep no epoch from its cut and its seal`() async throws {
        try await ServiceFixture.run { fixture in
            let silent = try SilentListener()
            defer { silent.close() }
            try await fixture.registerNodes(1)
            let node = SecretKey(seed: 9, label: "silent node")
            let stake = StakeDeposit(operatorAddress: key.address, amount: 1_000, reference: SHA256.hash([1]))
            try await fixture.service.credit(
                stake, signature: fixture.settlement.sign(fixture.service.domain.digest(of: stake)))
            let registration = RegisterNode(
                operatorAddress: key.address, nodeKey: node.address, payout: key.address, stake: 1_000,
                peerEndpoint: "127.0.0.1:1", httpEndpoint: "127.0.0.1:\(silent.port)")
            let digest = fixture.service.domain.digest(of: registration)
            _ = try await fixture.service.register(
                registration, operatorSignature: key.sign(digest), nodeSignature: node.sign(digest))

            let edge = ServiceFixture.start + ServiceFixture.epochLength
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
            let collector = StatementCollector(
                service: fixture.service, http: http, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            var failure: (any Error)?
            do {
                try await fixture.advance(to: edge)
                try await collector.collectDelivered(of: 1)
                try await fixture.advance(to: edge + UTCDay.seconds)
                let epoch = try await fixture.service.read { try await EpochStore($0).epoch(1) }
                #expect(epoch?.cutIndex != nil)
                let result = try await fixture.service.seal(1)
                #expect(try result.rewards.adding(result.dust) == result.pool)
            } catch {
                failure = error
            }
            try await http.shutdown()
            if let failure { throw failure }
        }
    }
}

/// A socket that accepts connections, as the kernel does on its own, and never answers.
private struct SilentListener {
    private let descriptor: Int32
    let port: UInt16

    struct Failure: Error {
        let code: Int32
    }

    init() throws {
        let opened = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(opened, address, length) == 0 && listen(opened, 16) == 0
                    && getsockname(opened, address, &length) == 0
            }
        }
        guard isListening else { throw Failure(code: errno) }
        descriptor = opened
        port = UInt16(bigEndian: address.sin_port)
    }

    func close() { _ = Glibc.close(descriptor) }
}
