import Channels
import Primitives
import Testing

extension FeesvcSystem.Service {
    /// What HTTP asks of a server beyond the routes themselves.
    @Suite("manners of HTTP")
    struct HTTPManners {
        @Test(
            "a path that takes other methods says which", .timeLimit(.minutes(10)),
            arguments: [
                ("DELETE", "/v1/channels", "POST"), ("GET", "/v1/vouchers", "POST"), ("PUT", "/v1/head", "GET"),
                ("PATCH", "/v1/epochs/1", "GET"),
            ])
        func otherMethods(_ method: String, _ path: String, _ allowed: String) async throws {
            let answer = try await SharedService.get().client.request(method, path)
            #expect(answer.status == 405)
            #expect(answer.headers["allow"]?.split(separator: ", ").map(String.init).contains(allowed) == true)
            #expect(try answer.problem.code == "request/method")
        }

        @Test("a header beyond the limits is refused", .timeLimit(.minutes(10)))
        func largeHeaders() async throws {
            let client = try SharedService.get().client
            let fits = try await client.request(
                "GET", "/health", headers: ["X-Large": String(repeating: "a", count: 4_000)])
            #expect(fits.status == 200)
            let answer = try? await client.request(
                "GET", "/health", headers: ["X-Large": String(repeating: "a", count: 20_000)])
            #expect(answer?.status != 200)
            #expect(try await client.get("/health").status == 200)
        }

        private struct Body: Encodable {
            let cumulative: Amount
            let validUntil: UInt64
            let signature: Signature
        }

        @Test("an idempotency key gives the first answer again, and to that request only", .timeLimit(.minutes(10)))
        func idempotencyKeys() async throws {
            let service = try SharedService.get()
            let payer = try await TestPayer("idempotent", at: service)
            let path = "/v1/channels/\(payer.channel.hex)/withdrawals"
            func withdrawal(_ cumulative: Amount) -> Body {
                let statement = Withdrawal(
                    channelID: payer.channel, cumulative: cumulative, validUntil: TestPayer.now + 600)
                return Body(
                    cumulative: cumulative, validUntil: statement.validUntil,
                    signature: payer.key.sign(service.domain.digest(of: statement)))
            }
            let body = withdrawal(2_000_000_000)
            let first = try await service.client.post(path, body, key: "withdraw-1")
            #expect(first.status == 200)
            #expect(first.headers["idempotent-replayed"] == nil)
            let again = try await service.client.post(path, body, key: "withdraw-1")
            #expect(again.status == 200)
            #expect(again.headers["idempotent-replayed"] == "true")
            #expect(again.text == first.text)
            // Without the key it is a repetition that takes nothing.
            #expect(try await service.client.post(path, body).text != first.text)
            let other = try await service.client.post(path, withdrawal(4_000_000_000), key: "withdraw-1")
            #expect(other.status == 422)
            #expect(try other.problem.code == "request/idempotency-reused")
            let bad = try await service.client.post(path, body, key: "with space")
            #expect(try bad.problem.code == "request/idempotency-key")
        }
    }
}
