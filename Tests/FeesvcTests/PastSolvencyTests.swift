import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Reports
import Rewards
import Storage
import Testing

@testable import feesvc

/// What was owed once, asked later: the statements of exports and reports.
struct PastSolvencyTests: RefundScene {
    private func now(_ fixture: ServiceFixture) async throws -> (body: SolvencyBody, place: BooksPlace) {
        try await fixture.service.read { transaction in
            let state = try #require(try await LogStore(transaction).state())
            return (
                try await OwedState(now: transaction, state).stated(by: nil).0,
                BooksPlace(entry: state.anchor.number, index: state.tree.size, time: state.time)
            )
        }
    }

    private func past(_ fixture: ServiceFixture, at place: BooksPlace) async throws -> SolvencyBody {
        try await fixture.service.read { transaction in
            let state = try #require(try await LogStore(transaction).state())
            return try await OwedState(transaction, state, at: place).stated(by: nil).0
        }
    }

    private func period(_ epoch: UInt64, _ fixture: ServiceFixture) async throws -> ReportPeriod {
        try await fixture.service.read { transaction in
            try await .epoch(epoch, transaction, try #require(try await LogStore(transaction).state()))
        }
    }

    @Test(arguments: 1...3 as ClosedRange<UInt64>)
    func `what was owed after any act is stated alike then and after two epochs`(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let plan = ActPlan(&generator)
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let channels = try await fixture.channels(ActPlan.channelCount, deposit: ActPlan.deposit)
            var run = ActRun(fixture: fixture, channels: channels)
            var stated: [(body: SolvencyBody, place: BooksPlace)] = []
            for day in plan.days {
                for (act, time) in zip(day.acts, day.times) {
                    try await fixture.advance(to: time)
                    try await run.perform(act.act)
                    stated.append(try await now(fixture))
                }
            }
            for epoch in 1...2 as ClosedRange<UInt64> {
                try await seal(epoch, fixture)
                stated.append(try await now(fixture))
            }
            #expect(Set(stated.map(\.body.root)).count > plan.days[0].acts.count / 2, "seed \(seed)")
            for (body, place) in stated {
                #expect(try await past(fixture, at: place) == body, "seed \(seed), entry \(place.entry)")
            }
        }
    }

    @Test func `a channel that closes in the edge's last second counts by the side of the edge on which it closed`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let stamped = fixture.envelope("a", topic: topic)
            let (charge, before) = try await pay(stamped, fixture, postage: 1_000_000_000)
            let (_, after) = try await pay(fixture.envelope("b", topic: topic), fixture, by: other)
            try await fixture.advance(to: edge - fixture.service.admission.challengeWindow)
            #expect(try await fixture.close(RequestClose(channelID: before, validUntil: .max), by: key) == edge)
            try await fixture.advance(to: edge)
            let (body, place) = try await now(fixture)
            let charged = try Amount(10_000_000_000).subtracting(try await fixture.available(after))
            let agreement = CloseChannel(channelID: after, charged: charged, validUntil: .max)
            _ = try await fixture.service.close(
                agreement, signature: other.sign(fixture.service.domain.digest(of: agreement)))
            #expect(try await fixture.stored(before)?.state.stage == .closed)
            #expect(try await fixture.stored(after)?.state.stage == .closed)
            // What comes later for a closed channel is its payer's.
            _ = try await fixture.service.delete(deletion(stamped, fixture), charge: charge)
            try await fixture.deposit(5, to: before, reference: SHA256.hash([8]))
            try await fixture.advance(to: cut + 1)
            try await fixture.deposit(7, to: after, reference: SHA256.hash([9]))

            #expect(try await past(fixture, at: place) == body)
            #expect(try await period(1, fixture).end == place)
            let (later, there) = try await now(fixture)
            #expect(later.root != body.root)
            #expect(try await past(fixture, at: there) == later)
        }
    }

    @Test func `report and export of an epoch hold one statement, and proofs that are made later lead to it`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await playManyGrounds(fixture)
            let opened = try await fixture.channel(SecretKey(seed: 3, label: "late"), deposit: 1_000_000_000)
            for audit in try await audit(fixture) {
                let name = "\(fixture.directory)/reports/\(EpochExport.directoryName(audit.epoch))/solvency.json"
                let exported = try SolvencyFolder.json(SolvencyBody.self, name)
                let period = try await period(audit.epoch, fixture)
                let (row, liabilities) = try await fixture.service.read { transaction in
                    let state = try #require(try await LogStore(transaction).state())
                    let report = try await ReportContent(transaction: transaction, state: state, period: period)
                        .report()
                    let schedule = report.schedules.first { $0.table.name == "solvency-statement" }
                    return (
                        try #require(schedule?.table.rows.first).map(\.text),
                        try await OwedState(transaction, state, at: period.end).liabilities
                    )
                }
                #expect(
                    row == [
                        exported.root.hex, exported.statement.hex, "\(exported.entry)", exported.entryHash.hex,
                        "\(exported.leaves)", "\(exported.total)", "\(exported.custody)",
                    ])
                #expect(exported.total == (try Balances(totals: audit.closing).conservation().liabilities))
                #expect(!liabilities.contains { $0.account == SolvencyStore.account(of: opened) })
                let tree = try SolvencyTree(liabilities)
                for liability in liabilities {
                    #expect(try exported.checked().isProved(try #require(tree.proof(of: liability))))
                }
            }
        }
    }

    @Test
    func `an audit refuses a statement of another log, entry, total or number of leaves, and can't know the root`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            _ = try await pay(fixture.envelope("a", topic: topic), fixture)
            try await seal(1, fixture)
            let replay = try #require(try await audit(fixture).first)
            let good = try SolvencyFolder.json(
                SolvencyBody.self, fixture.directory + "/reports/epoch-0001/solvency.json")
            func difference(
                log: Bytes32? = nil, entry: UInt64? = nil, hash: Bytes32? = nil, leaves: UInt64? = nil,
                root: Bytes32? = nil, total: Amount? = nil, custody: Amount? = nil
            ) throws -> String? {
                let statement = SolvencyStatement(
                    logID: log ?? good.logId, entry: entry ?? good.entry, entryHash: hash ?? good.entryHash,
                    leaves: leaves ?? good.leaves,
                    root: SummedHash(hash: root ?? good.root, sum: total ?? good.total))
                let body = SolvencyBody(statement, custody: custody ?? good.custody, signature: nil)
                do {
                    try SolvencyCheck.check(
                        Array(try ChannelOutput.text(body).utf8), log: replay.audit.replay.genesis.logID,
                        end: try #require(replay.audit.replay.journalEnd), closing: replay.closing)
                    return nil
                } catch let difference as AuditDifference {
                    return difference.what
                }
            }
            #expect(try difference() == nil)
            #expect(try difference(log: .zero) == "logId")
            #expect(try difference(entry: good.entry - 1) == "entry")
            #expect(try difference(hash: .zero) == "entryHash")
            #expect(try difference(total: try good.total.adding(1)) == "total")
            #expect(try difference(custody: try good.custody.subtracting(1)) == "custody")
            // Three stakes, the pool, base and storage, and one channel at least.
            #expect(good.leaves == 7)
            #expect(try difference(leaves: 6) == "leaves")
            #expect(try difference(leaves: 8) == nil)
            #expect(try difference(root: .zero) == nil)
        }
    }
}
