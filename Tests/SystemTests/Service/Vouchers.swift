import Channels
import Primitives
import Testing

extension FeesvcSystem.Service {
    /// Vouchers, good and bad.
    @Suite("vouchers")
    struct Vouchers {
        @Test(
            "a good one is charged, its receipt proves it, and the same again gives the same leaf",
            .timeLimit(.minutes(10)))
        func goodVoucher() async throws {
            let service = try SharedService.get()
            let payer = try await TestPayer("good", at: service)
            let items = [try payer.item("first"), try payer.item("second", bytes: 0, postage: 1_000_000_000)]
            let total = try Amount.sum(items.map(\.maxFee))
            let voucher = payer.signed(payer.voucher(sequence: 1, ceiling: total, items: items), items)

            let answer = try await payer.send(voucher)
            let receipts = try #require(answer.receipts)
            #expect(receipts.count == 2)
            for (receipt, item) in zip(receipts, items) { try check(receipt, item, payer) }
            // 38,500,000 + 22 × 1,024 × 60, and 38,500,000 + postage.
            #expect(try receipts.map { try $0.parsed().charge.price.total } == [39_851_680, 1_038_500_000])

            let state = try await payer.state()
            #expect(state.contains("\"available\":\"\(try TestPayer.deposit.subtracting(total))\""), "\(state)")
            let again = try #require(try await payer.send(voucher).receipts)
            #expect(try again.map { try $0.parsed().leaf } == receipts.map { try $0.parsed().leaf })
            #expect(again.map(\.salt) == receipts.map(\.salt))
            #expect(try await payer.state() == state)
        }

        /// Checks a receipt down to the log key's signature.
        private func check(_ answer: VoucherAnswers.ReceiptJSON, _ item: Item, _ payer: TestPayer) throws {
            let genesis = payer.service.genesis
            let receipt = try answer.parsed()
            try receipt.check(logID: genesis.logID, logKey: genesis.logKey, domain: genesis.domain)
            #expect(receipt.charge.envelopeHash == item.envelopeHash)
            #expect(receipt.charge.bytes == item.bytes)
            #expect(receipt.charge.commitment == Charge.commitment(to: payer.channel, salt: answer.salt))
        }

        @Test(
            "a bad one is refused with its code and moves nothing", .timeLimit(.minutes(10)),
            arguments: RefusedVoucher.allCases)
        func badVoucher(_ bad: RefusedVoucher) async throws {
            let service = try SharedService.get()
            let payer = try await TestPayer("payer of \(bad)", at: service)
            let stranger = try await TestPayer("stranger to \(bad)", at: service)
            let items = [try payer.item("paid before \(bad)")]
            let ceiling = items[0].maxFee
            let paid = try await payer.send(
                payer.signed(payer.voucher(sequence: 5, ceiling: ceiling, items: items), items))
            #expect(paid.receipts?.count == 1)
            let states = [try await payer.state(), try await stranger.state()]

            let answer = try await payer.send(try bad.make(payer, stranger, ceiling: ceiling))
            let problem = try #require(answer.problem)
            #expect(answer.receipts == nil)
            #expect(problem.code == bad.code, "\(problem.detail)")
            #expect(problem.type == "tag:feesvc,2026:\(bad.code)")
            #expect([402, 404].contains(problem.status))
            #expect(!problem.detail.isEmpty)
            #expect([try await payer.state(), try await stranger.state()] == states)
        }

        @Test("a bad one among good ones of a request leaves these alone", .timeLimit(.minutes(10)))
        func mixedRequest() async throws {
            let payer = try await TestPayer("mixed", at: try SharedService.get())
            var ceiling = Amount.zero
            var vouchers: [VoucherJSON] = []
            for sequence in 1...3 as ClosedRange<UInt64> {
                let items = [try payer.item("mixed \(sequence)")]
                ceiling = try ceiling.adding(items[0].maxFee)
                let voucher = payer.voucher(sequence: sequence, ceiling: ceiling, items: items)
                let wrongKey = SecretKey(seed: 1, label: "nobody")
                vouchers.append(payer.signed(voucher, items, by: sequence == 2 ? wrongKey : nil))
            }
            let answers = try await payer.service.client.post("/v1/vouchers", VoucherJSON.Request(vouchers: vouchers))
                .decoded(as: VoucherAnswers.self).results
            #expect(answers.map { $0.receipts?.count } == [1, nil, 1])
            #expect(answers[1].problem?.code == "voucher/unknown-channel-or-signer")
        }

        @Test("a request names at most 4,096 items", .timeLimit(.minutes(10)))
        func itemsMax() async throws {
            let payer = try await TestPayer("many", at: try SharedService.get())
            let nobody = SecretKey(seed: 1, label: "nobody")
            let items = try (0..<256).map { try payer.item("many \($0)") }
            func answer(_ counts: [Int]) async throws -> HTTPConversation.Answer {
                let vouchers = counts.enumerated().map { place, count in
                    let items = Array(items.prefix(count))
                    let voucher = payer.voucher(sequence: UInt64(place + 1), ceiling: 1, items: items)
                    return payer.signed(voucher, items, by: nobody)
                }
                return try await payer.service.client.post("/v1/vouchers", VoucherJSON.Request(vouchers: vouchers))
            }
            let full = [Int](repeating: 256, count: 16)
            #expect(try await answer(full.dropLast() + [255]).status == 200)
            #expect(try await answer(full).status == 200)
            let refused = try await answer(full + [1])
            #expect(refused.status == 400)
            #expect(try refused.problem.code == "request/body")
        }
    }
}
