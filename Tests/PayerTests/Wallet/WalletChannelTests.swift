import Channels
import Payer
import Primitives
import Testing

@Suite struct WalletChannelTests {
    /// What is wanted, whatever happens on the way: five messages in two requests on one lane, two on another.
    private static let orders: [(lane: UInt32, names: [String])] = [
        (0, ["a", "b"]), (5, ["c"]), (0, ["d", "e", "f"]), (5, ["g"]),
    ]

    /// Pays the orders, opening the wallet anew after each crash, until all is paid. Returns how often it crashed.
    private func payAll(_ payer: ModelPayer) async throws -> Int {
        var crashes = 0
        var rest = Self.orders[...]
        while let order = rest.first {
            do {
                let channel = try payer.open()
                let earlier = try await channel.finish(now: ModelService.now)
                // As the command does: what was interrupted and has an answer now is not paid again.
                let hashes = Set(
                    earlier.compactMap { outcome -> Bytes32? in
                        guard case .paid(let paid) = outcome else { return nil }
                        return paid.item.envelopeHash
                    })
                let left = order.names.filter { !hashes.contains(payer.item($0).envelopeHash) }
                let open = left.filter { name in
                    !payer.storage.with { state in
                        state.receipts.values.contains { $0.item == payer.item(name) }
                    }
                }
                if !open.isEmpty {
                    let outcomes = try await payer.pay(open, with: channel, lane: order.lane)
                    #expect(outcomes.map(\.isPaid) == open.map { _ in true })
                }
                rest = rest.dropFirst()
            } catch is Crash {
                crashes += 1
                #expect(crashes < 3, "one crash a run")
            }
        }
        return crashes
    }

    /// No two vouchers with one sequence, no ceiling that falls, no message charged twice, nothing forgotten.
    private func check(_ payer: ModelPayer, _ comment: Comment) throws {
        let sent = payer.service.with { $0.sent }
        for (lane, vouchers) in Dictionary(grouping: sent, by: \.voucher.lane) {
            var bySequence: [UInt64: [UInt8]] = [:]
            for voucher in vouchers {
                let bytes = voucher.canonicalBytes
                #expect(bySequence[voucher.voucher.sequence] ?? bytes == bytes, comment)
                bySequence[voucher.voucher.sequence] = bytes
            }
            let ceilings = vouchers.map(\.voucher).sorted { $0.sequence < $1.sequence }.map(\.cumulativeAmount)
            #expect(ceilings == ceilings.sorted(), comment)
            let record = try payer.storage.record.signer(on: lane)
            #expect(record.sequence == bySequence.keys.max(), comment)
            #expect(record.charged == payer.service.with { $0.lanes[lane]?.charged }, comment)
        }
        #expect(payer.service.with { $0.charges.count } == 7, comment)
        #expect(payer.storage.with { $0.receipts.count } == 7, comment)
        let record = try payer.storage.record
        #expect(record.pending.isEmpty, comment)
        #expect(record.spent.amount == 70, comment)
    }

    @Test func `after a crash at any step nothing is signed twice, charged twice or forgotten`() async throws {
        let steps = Steps()
        let calm = ModelPayer(steps: steps)
        #expect(try await payAll(calm) == 0)
        try check(calm, "no crash")
        let count = steps.count
        #expect(count > 30)
        for step in 0..<count {
            let steps = Steps()
            let payer = ModelPayer(steps: steps)
            steps.crash(at: step)
            #expect(try await payAll(payer) == 1, "step \(step)")
            try check(payer, "crash at step \(step)")
        }
    }

    @Test func `what is sent is on the disk first`() async throws {
        let steps = Steps()
        let payer = ModelPayer(steps: steps)
        // Questions, then the write before the voucher leaves, then the voucher.
        for step in 0... {
            steps.crash(at: step)
            let before = payer.service.with { $0.sent.count }
            do {
                _ = try await payer.pay(["a"], with: try payer.open())
                break
            } catch is Crash {}
            let sent = payer.service.with { $0.sent.dropFirst(before) }
            let known = try payer.storage.record.signer(on: 0).sequence
            for voucher in sent { #expect(voucher.voucher.sequence <= known) }
        }
        #expect(payer.service.with { $0.charges.count } == 1)
    }

    @Test func `while an answer is missing the lane signs nothing else`() async throws {
        let steps = Steps()
        let payer = ModelPayer(steps: steps)
        _ = try await payer.pay(["a"], with: try payer.open())
        steps.crash(at: nil)
        let channel = try payer.open()
        try await channel.synchronize(now: ModelService.now)
        // The next step but two is the service's, after it charged.
        steps.crash(at: 3)
        await #expect(throws: Crash.self) { try await payer.pay(["b"], with: channel) }
        let waiting = try payer.storage.record.pending
        #expect(waiting.count == 1)
        var record = try payer.storage.record
        #expect(throws: SigningRefusal.undecided(lane: 0, count: 1)) {
            try record.sign([payer.item("c")], lane: 0, validUntil: 1, day: UTCDay(number: 1), key: payer.key)
        }
        steps.crash(at: nil)
        _ = try await payer.pay(["c"], with: try payer.open())
        let sent = payer.service.with { $0.sent }.map(\.voucher.sequence)
        #expect(sent == [1, 2, 2, 3])
    }

    @Test func `a refused voucher gives its allowance back, and its sequence is left out`() async throws {
        let payer = ModelPayer(limits: SpendingLimits(perDay: 20))
        payer.service.with { $0.refusing = "service/odd" }
        let channel = try payer.open()
        guard case .refused(_, "service/odd", _) = try await payer.pay(["a"], with: channel)[0] else {
            Issue.record("it was not refused")
            return
        }
        #expect(try payer.storage.record.spent.amount == .zero)
        payer.service.with { $0.refusing = nil }
        #expect(try await payer.pay(["a"], with: channel)[0].isPaid)
        #expect(payer.service.with { $0.sent }.map(\.voucher.sequence) == [1, 2])
        #expect(try payer.storage.record.spent.amount == 10)
    }

    @Test func `what was charged but is refused when sent again is found among the charges`() async throws {
        let steps = Steps()
        let payer = ModelPayer(steps: steps)
        _ = try await payer.pay(["a", "b", "c"], with: try payer.open())
        let channel = try payer.open()
        try await channel.synchronize(now: ModelService.now)
        steps.crash(at: 3)
        await #expect(throws: Crash.self) { try await payer.pay(["d"], with: channel) }
        steps.crash(at: nil)
        // Days later: not valid for long enough any more, although it was charged.
        payer.service.with { $0.refusing = "voucher/valid-until" }
        let outcomes = try await payer.open().finish(now: ModelService.now)
        #expect(outcomes.count == 1 && outcomes[0].isPaid)
        #expect(try payer.storage.record.signer(on: 0).charged == 40)
        #expect(payer.storage.with { $0.receipts.count } == 4)
    }

    @Test func `what was not charged and is refused when sent again is given up`() async throws {
        let steps = Steps()
        let payer = ModelPayer(steps: steps)
        _ = try await payer.pay(["a"], with: try payer.open())
        let channel = try payer.open()
        try await channel.synchronize(now: ModelService.now)
        steps.crash(at: 2)
        await #expect(throws: Crash.self) { try await payer.pay(["d"], with: channel) }
        #expect(payer.service.with { $0.sent.count } == 1)
        #expect(try payer.storage.record.pending.count == 1)
        steps.crash(at: nil)
        payer.service.with { $0.refusing = "voucher/valid-until" }
        let outcomes = try await payer.open().finish(now: ModelService.now)
        #expect(outcomes.count == 1 && !outcomes[0].isPaid)
        #expect(try payer.storage.record.pending.isEmpty)
        #expect(try payer.storage.record.spent.amount == 10)
    }

    @Test func `an envelope that was paid before costs nothing again`() async throws {
        let payer = ModelPayer()
        let channel = try payer.open()
        _ = try await payer.pay(["a"], with: channel)
        payer.service.appendOther()
        _ = try await payer.pay(["a"], with: channel)
        #expect(try payer.storage.record.signer(on: 0).charged == 10)
        #expect(try payer.storage.record.spent.amount == 10)
        // And what the service says afterwards is still the same.
        try await payer.open().synchronize(now: ModelService.now)
    }

    @Test func `a voucher that the channel can't cover is not signed`() async throws {
        let payer = ModelPayer()
        payer.service.with { $0.deposited = 29 }
        let channel = try payer.open()
        do {
            _ = try await payer.pay(["a", "b"], with: channel)
            Issue.record("30 are above 29")
        } catch WalletChannelError.funds(let lacking) {
            #expect(lacking == 1)
        }
        #expect(try payer.storage.record.signer(on: 0).sequence == 0)
        payer.service.with { $0.deposited = 30 }
        await channel.forgetAccount()
        #expect(try await payer.pay(["a", "b"], with: channel).count == 2)
    }

    @Test func `another service's log and another's key are refused`() throws {
        let payer = ModelPayer()
        let other = ModelService(chain: 2)
        #expect(throws: WalletChannelError.self) {
            try WalletChannel(
                record: try payer.storage.record, key: payer.key, service: other, storage: payer.storage)
        }
        #expect(throws: WalletChannelError.self) {
            try WalletChannel(
                record: try payer.storage.record, key: SecretKey(seed: 4, label: "other"), service: payer.service,
                storage: payer.storage)
        }
    }
}
