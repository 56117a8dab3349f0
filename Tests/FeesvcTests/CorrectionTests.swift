import Channels
import Foundation
import Ledger
import Primitives
import Reports
import Rewards
import Storage
import Testing

@testable import feesvc

/// Money that a sealed epoch's result sent to the wrong place.
struct CorrectionTests {
    private func beginning(_ epoch: UInt64) -> UInt64 {
        ServiceFixture.start + (epoch - 1) * ServiceFixture.epochLength
    }

    private func rewards(_ number: Int) -> Correction.Purse { .rewards(ServiceFixture.operatorKey(number).address) }

    private func correct(
        _ epoch: UInt64, _ from: Correction.Purse, _ to: Correction.Purse, _ amount: Amount, nonce: UInt64,
        _ fixture: ServiceFixture
    ) async throws {
        let correction = try #require(
            Correction(epoch: epoch, from: from, to: to, amount: amount, reason: "=1+1, \"swapped\"\n– so"))
        let act = AdminAct(.correct(correction), nonce: nonce)
        try await fixture.service.execute(act, fixture.admin.sign(fixture.service.domain.digest(of: act.statement)))
    }

    private func code(_ body: () async throws -> Void) async throws -> String? {
        do {
            try await body()
            return nil
        } catch let refusal as Refusal {
            return refusal.code
        }
    }

    /// An epoch in which a pool of 1,000 goes to four nodes, 250 each.
    private func sealFirst(_ fixture: ServiceFixture) async throws {
        try await fixture.registerNodes(4)
        let grant = Grant(amount: 1_000, reference: SHA256.hash([1]))
        try await fixture.service.credit(
            grant, signature: fixture.settlement.sign(fixture.service.domain.digest(of: grant)))
        try await next(1, fixture)
    }

    private func next(_ epoch: UInt64, _ fixture: ServiceFixture) async throws {
        try await fixture.advance(to: beginning(epoch + 1))
        try await fixture.observeAll(4, epoch: epoch)
        _ = try await fixture.service.seal(epoch)
    }

    private func attest(_ epoch: UInt64, _ fixture: ServiceFixture) async throws -> EpochResult {
        let result = try await fixture.service.seal(epoch)
        for number in 1...3 {
            let key = ServiceFixture.operatorKey(number)
            _ = try await fixture.service.attest(
                epoch: epoch, operatorAddress: key.address,
                signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
        }
        return result
    }

    private func claim(_ number: UInt32, _ result: EpochResult, _ fixture: ServiceFixture) async throws -> Amount {
        let row = try #require(result.rows.first { $0.node == number })
        return try await fixture.service.pay(
            RewardClaim(
                epoch: result.epoch, node: number, payout: row.payout, cumulative: row.cumulative,
                proof: try #require(RewardTree(result.rows)?.proof(of: number))))
    }

    @Test func `L30: what was given by a correction is in the next proof, what was taken in no claim`() async throws {
        try await ServiceFixture.run { fixture in
            try await sealFirst(fixture)
            let first = try await attest(1, fixture)
            #expect(first.rows.map(\.reward) == [250, 250, 250, 250])
            try await correct(1, rewards(1), rewards(2), 100, nonce: 1, fixture)
            #expect(try await fixture.balance(.rewards(ServiceFixture.operatorKey(1).address)) == 150)
            #expect(try await fixture.balance(.rewards(ServiceFixture.operatorKey(2).address)) == 350)
            // The old proofs: less to the first, and to the second what they say; its 100 come with the next root.
            #expect(try await claim(1, first, fixture) == 150)
            #expect(try await claim(2, first, fixture) == 250)
            #expect(try await claim(1, first, fixture) == 0)

            try await next(2, fixture)
            let second = try await attest(2, fixture)
            #expect(second.rows.map(\.cumulative) == [250, 350, 250, 250])
            #expect(try await claim(2, second, fixture) == 100)
            #expect(try await claim(1, second, fixture) == 0)
            #expect(try await fixture.balance(.rewards(ServiceFixture.operatorKey(2).address)) == 0)
            let sums = try await fixture.conservation()
            #expect(sums.custody == sums.liabilities)
        }
    }

    @Test func `corrections into and out of a pool are in its result, its audit and its books`() async throws {
        try await ServiceFixture.run { fixture in
            try await sealFirst(fixture)
            try await correct(1, rewards(3), .pool, 41, nonce: 1, fixture)
            try await correct(1, .pool, rewards(4), 1, nonce: 2, fixture)
            try await fixture.advance(to: beginning(3))
            // In the third epoch, before the second is sealed: part of the third's result, not of the second's.
            try await correct(1, rewards(3), rewards(1), 9, nonce: 3, fixture)
            try await fixture.observeAll(4, epoch: 2)
            let second = try await fixture.service.seal(2)
            #expect(second.pool == 40)
            #expect(second.rows.map(\.cumulative) == [260, 260, 260, 261])
            try await next(3, fixture)
            let third = try await fixture.service.seal(3)
            #expect(third.rows.map(\.cumulative) == [269, 260, 260, 261])

            let out = fixture.directory + "/out"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var pools: [Amount] = []
            try DirectoryChain.audit(out) { pools.append($0.audit.result.pool) }
            #expect(pools == [1_000, 40, 0])
            let check = try await fixture.pool.withTransaction(isolation: .readOnly) {
                try await BooksCheck($0, noted: nil).run()
            }
            #expect(check.edges == 3)
        }
    }

    @Test func `what can't be corrected is refused and moves nothing`() async throws {
        try await ServiceFixture.run { fixture in
            try await sealFirst(fixture)
            let stranger = Correction.Purse.rewards(SecretKey(seed: 1, label: "stranger").address)
            let cases: [(UInt64, Correction.Purse, Correction.Purse, Amount, String?)] = [
                (2, rewards(1), rewards(2), 1, "correction/not-sealed"),
                (9, rewards(1), rewards(2), 1, "correction/not-sealed"),
                (1, stranger, rewards(2), 1, "correction/operator"),
                (1, rewards(1), stranger, 1, "correction/operator"),
                (1, .pool, rewards(2), 1, "correction/funds"),
                (1, .protocolIncome, rewards(2), 1, "correction/funds"),
                (1, rewards(1), rewards(2), 251, "correction/funds"),
            ]
            for (epoch, from, to, amount, expected) in cases {
                let found = try await code { try await correct(epoch, from, to, amount, nonce: 1, fixture) }
                #expect(found == expected, "\(epoch) \(from.name) \(to.name) \(amount)")
            }
            #expect(try await code { try await correct(1, rewards(1), rewards(2), 250, nonce: 1, fixture) } == nil)
            // What a correction gave is not claimable before it is in a root, and can be taken back all the same.
            #expect(
                try await code { try await correct(1, rewards(2), .pool, 501, nonce: 2, fixture) }
                    == "correction/funds")
            #expect(try await code { try await correct(1, rewards(2), .pool, 500, nonce: 2, fixture) } == nil)
        }
    }

    @Test func `L46: before and what was corrected are what is now, and the first report stays the same file`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await sealFirst(fixture)
            func report(_ out: String, restated: Bool) async throws -> (report: Report, path: String) {
                try await fixture.pool.withTransaction(isolation: .readOnly) { transaction in
                    let state = try #require(try await LogStore(transaction).state())
                    var period = try await ReportPeriod.epoch(1, transaction, state)
                    var corrected: (UInt64, [CorrectionStore.Stored])?
                    if restated {
                        let corrections = try await CorrectionStore(transaction).of(1)
                        period = try period.restated(by: corrections)
                        corrected = (1, corrections)
                    }
                    let report = try await ReportContent(
                        transaction: transaction, state: state, period: period, restated: corrected
                    ).report()
                    let path = try await ReportFiles(
                        transaction: transaction, period: period, formats: Set(ReportFormat.allCases)
                    ).write(report, under: out) { _ in nil }
                    return (report, path)
                }
            }
            func manifest(_ path: String) throws -> Data {
                try Data(contentsOf: URL(fileURLWithPath: path + "/manifest.csv"))
            }
            let before = try await report(fixture.directory + "/before", restated: false)
            await #expect(throws: OperatorError.self) { try await report(fixture.directory + "/none", restated: true) }
            let amounts: [(from: Int, to: Int, amount: Amount)] = [(1, 2, 100), (1, 3, 7), (2, 4, 300)]
            for (nonce, move) in amounts.enumerated() {
                try await correct(
                    1, rewards(move.from), rewards(move.to), move.amount, nonce: UInt64(nonce) + 1, fixture)
            }
            let after = try await report(fixture.directory + "/after", restated: false)
            #expect(try manifest(before.path) == manifest(after.path))

            let restated = try await report(fixture.directory + "/after", restated: true)
            #expect(restated.path.hasSuffix("-restated-\(try #require(try await corrections(fixture).last).entry)"))
            let table = try #require(restated.report.schedules.first { $0.table.name == "restatement" }).table
            let lines = Dictionary(
                uniqueKeysWithValues: table.rows.compactMap { row -> (String, [ReportCell])? in
                    guard case .text(let name) = row[0] else { return nil }
                    return (name, Array(row.dropFirst()))
                })
            // Line by line: reported, added, funded, taken, restated. The second gave 300 of 350, the first 107 of 250.
            let expected: [(Int, [Amount])] = [
                (1, [250, 0, 0, 107, 143]), (2, [250, 100, 0, 300, 50]), (3, [250, 7, 0, 0, 257]),
                (4, [250, 300, 0, 0, 550]),
            ]
            for (number, amounts) in expected {
                #expect(lines[rewards(number).name] == amounts.map { .amount($0) }, "operator \(number)")
            }
            #expect(lines["carried"] == [0, 0, 0, 0, 0].map { .amount($0) })
        }
    }

    private func corrections(_ fixture: ServiceFixture) async throws -> [CorrectionStore.Stored] {
        try await fixture.service.read { try await CorrectionStore($0).of(1) }
    }
}
