import Primitives
import Testing

extension FeesvcSystem.Service {
    /// Requests that are no requests.
    @Suite("problems")
    struct Problems {
        @Test(
            "an unknown path is answered with a problem of status 404", .timeLimit(.minutes(10)),
            arguments: ["/", "/v1/nothing", "/v1/channels/0x00/nothing", "/v1/epochs/1/inputs/journal.csv"])
        func unknownPath(_ path: String) async throws {
            let answer = try await SharedService.get().client.get(path)
            #expect(answer.status == 404)
            #expect(answer.contentType == "application/problem+json")
            let problem = try answer.problem
            #expect(problem.status == 404)
            #expect(problem.type == "tag:feesvc,2026:\(problem.code)")
            #expect(!problem.title.isEmpty && !problem.detail.isEmpty)
        }

        /// Bodies that are refused, with the member that the answer must name.
        static let badBodies = [
            ("/v1/channels", "{\"payer\":", "body"),
            ("/v1/channels", "[]", "body"),
            ("/v1/channels", "{}", "payer"),
            ("/v1/channels", "{\"payer\":\"0x12\"}", "payer"),
            ("/v1/channels", "{\"payer\":17}", "payer"),
            ("/v1/vouchers", "{}", "vouchers"),
            ("/v1/vouchers", "{\"vouchers\":[]}", "vouchers"),
            ("/v1/vouchers", "{\"vouchers\":[{\"channelId\":\"0xAB\"}]}", "channelId"),
            ("/v1/vouchers", voucher(["lane": "-1"]), "lane"),
            ("/v1/vouchers", voucher(["cumulativeAmount": "5"]), "cumulativeAmount"),
            ("/v1/vouchers", voucher(["cumulativeAmount": "\"0x5\""]), "cumulativeAmount"),
            ("/v1/vouchers", voucher(["cumulativeAmount": "\"-5\""]), "cumulativeAmount"),
            ("/v1/vouchers", voucher(["cumulativeAmount": "\"+5\""]), "cumulativeAmount"),
            ("/v1/vouchers", voucher(["cumulativeAmount": "\"05\""]), "cumulativeAmount"),
            (
                "/v1/vouchers", voucher(["cumulativeAmount": "\"340282366920938463463374607431768211456\""]),
                "cumulativeAmount"
            ),
            ("/v1/vouchers", voucher(["channelId": "\"0x" + String(repeating: "A", count: 64) + "\""]), "channelId"),
            ("/v1/vouchers", voucher(["lane": "4294967296"]), "lane"),
            ("/v1/vouchers", voucher(["sequence": "18446744073709551616"]), "sequence"),
            ("/v1/vouchers", voucher(["items": "[{}]"]), "items"),
            ("/v1/vouchers", voucher(["signature": "\"0x" + String(repeating: "f", count: 130) + "\""]), "signature"),
            ("/v1/settlement/deposits", "{\"subject\":\"0x01\",\"amount\":1}", "amount"),
        ]

        @Test(
            "malformed JSON is answered with 400 and the member's name", .timeLimit(.minutes(10)), arguments: badBodies)
        func malformed(_ path: String, _ body: String, _ member: String) async throws {
            let answer = try await SharedService.get().client.post(path, text: body)
            #expect(answer.status == 400)
            #expect(answer.contentType == "application/problem+json")
            let problem = try answer.problem
            #expect(problem.status == 400)
            #expect(problem.code == "request/body")
            #expect(problem.detail.contains(member), "\(problem.detail)")
        }

        @Test("a channel's state is told to its signer only", .timeLimit(.minutes(10)))
        func stateIsPrivate() async throws {
            let service = try SharedService.get()
            let payer = try await TestPayer("private", at: service)
            _ = try await payer.state()
            let path = "/v1/channels/\(payer.channel.hex)"
            #expect(try await service.client.get(path).problem.code == "request/query")
            let signature = SecretKey(seed: 9, label: "curious").sign(payer.channel)
            let answer = try await service.client.get("\(path)?time=\(TestPayer.now)&signature=\(signature.hex)")
            #expect(try answer.problem.code == "channel/unknown")
            #expect(answer.status == 404)
        }

        /// A voucher's JSON in which each member is well-formed but those given.
        private static func voucher(_ changed: [String: String]) -> String {
            let hash = "\"0x" + String(repeating: "0", count: 64) + "\""
            var members = [
                "channelId": hash, "lane": "0", "sequence": "1", "cumulativeAmount": "\"5\"", "validUntil": "1",
                "itemsHash": hash, "items": "[]",
            ]
            members.merge(changed) { _, new in new }
            return "{\"vouchers\":[{" + members.map { "\"\($0)\":\($1)" }.sorted().joined(separator: ",") + "}]}"
        }
    }
}
