import HTTPTypes
import Hummingbird
import Node
import Testing

@testable import feesvc

@Suite struct HTTPClientNameTests {
    @Test func `a client is an IPv4 address, or the network part of an IPv6 address`() {
        #expect(HTTPClientName(text: "192.0.2.7") == .four(0xc000_0207))
        #expect(HTTPClientName(text: "::ffff:192.0.2.7") == .four(0xc000_0207))
        #expect(HTTPClientName(text: "2001:db8:1:2:3:4:5:6") == HTTPClientName(text: "2001:db8:1:2::"))
        #expect(HTTPClientName(text: "2001:db8:1:2::1") != HTTPClientName(text: "2001:db8:1:3::1"))
        #expect(HTTPClientName(text: "fe80::1%eth0") == .six(0xfe80 << 48))
        for text in ["", "unix", "1.2.3", "1.2.3.4.5", "[::1]", "192.0.2.7:80"] {
            #expect(HTTPClientName(text: text) == .unnamed, "\(text)")
        }
    }

    @Test func `a client beyond its budget is told when to come back, others are not`() async throws {
        let budget = ClientBudget(.init(perSecond: 1, burst: 3), of: "words")
        func refusal(_ name: HTTPClientName, _ count: Int = 1) -> Refusal? {
            HTTPClientName.$current.withValue(name) {
                do throws(Refusal) {
                    try budget.take(count)
                    return nil
                } catch {
                    return error
                }
            }
        }
        #expect(refusal(.four(1), 3) == nil)
        let refused = try #require(refusal(.four(1), 3))
        #expect(refused.status == 429 && refused.code == "client/budget")
        #expect([3, 4].contains(refused.retryAfter))
        #expect(refusal(.four(2)) == nil && refusal(.six(1)) == nil && refusal(.unnamed) == nil)
        #expect(budget.refused == 1)
        #expect(try Response.problem(refused).headers[.retryAfter] == "\(refused.retryAfter ?? 0)")
    }
}
