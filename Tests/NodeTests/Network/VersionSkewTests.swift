import Channels
import NIOCore
import Primitives
import Testing

@testable import Node

@Suite struct VersionSkewTests {
    private let network = TestNetwork()

    private func hello(_ version: UInt16, _ rest: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
        let question = PeerQuestion.hello(
            PeerQuestion.Hello(
                version: version, domainSeparator: network.log.domain.separator, logID: network.log.genesis.logID,
                node: 2,
                nonce: Bytes32(integer: 5)))
        var body = question.body
        rest(&body)
        return PeerFrame(type: 1, request: 3, body: body).bytes
    }

    private func answers(_ bytes: [UInt8], _ port: Int) async throws -> [PeerAnswer] {
        var buffer = ByteBuffer(bytes: try #require(try await RawConnection.exchange(bytes, port: port)))
        var decoder = PeerFrameDecoder()
        var answers: [PeerAnswer] = []
        while let frame = try decoder.next(in: &buffer) {
            answers.append(try PeerAnswer(type: frame.type, body: frame.body))
        }
        return answers
    }

    @Test func `P26: older and later versions are told which one is spoken, whatever follows theirs in the hello`()
        async throws
    {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let port = try await one.bind()
        let now = PeerQuestion.Hello.versionNow
        let network = network
        try await network.run([one, two]) {
            let refused = [PeerAnswer.refusal(PeerRefusal(code: .version, text: "this node speaks version \(now)"))]
            var hellos = [0, 1, now - 1, now + 1, .max].map { hello($0) }
            // A field more, a field less, and nothing but the version.
            hellos.append(hello(now + 1) { $0 += [1, 2, 3] })
            hellos.append(hello(now - 1) { $0.removeLast(32) })
            hellos.append(hello(now + 1) { $0 = Array($0.prefix(2)) })
            for bytes in hellos {
                let found = try await answers(bytes, port)
                #expect(found == refused, "\(bytes)")
            }
            // Who speaks it is served meanwhile.
            #expect(await one.publish(network.paid([.sample(1)])).first?.event != nil)
            #expect(await eventually { await two.status().events == 1 })
        }
    }

    @Test func `P26: the version is the first two bytes of every hello`() {
        for version in [1, 3, 0xabcd] as [UInt16] {
            #expect(Array(hello(version)[9..<11]) == [UInt8(version >> 8), UInt8(version & 0xff)])
        }
    }
}
