import ArgumentParser
import Channels
import Payer
import Primitives
import Storage
import Testing

@testable import feesvc

/// An instance whose notice is its epoch of four days, with schedule 1 at the defaults.
@Suite struct ScheduleActTests {
    private static let notice = ServiceFixture.epochLength
    private static let edge = ServiceFixture.start + ServiceFixture.epochLength

    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    private static func schedule(
        _ version: UInt32 = 2, from: UInt64 = edge, base: Amount = 40_000_000
    ) -> FeeSchedule {
        FeeSchedule(
            version: version, effectiveFrom: from, base: base, storagePerByteDay: 22, congestionUnit: 0,
            targetPerMinute: 0, postage: 1_000_000_000, postageWindow: 259_200, retentionDaysMin: 2,
            retentionDaysMax: 365, bytesMax: 1_048_576)
    }

    private func pay(_ fixture: ServiceFixture, _ channel: Bytes32, _ sequence: UInt64) async throws -> Charge {
        let item = fixture.item(fixture.envelope("\(sequence)", topic: topic))
        return try await fixture.pay(
            fixture.voucher([item], channel: channel, key: key, sequence: sequence, ceiling: 900_000_000))[0].charge
    }

    @Test func `an announced schedule prices from its first second on, also after a restart`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 1_000_000_000)
            try await fixture.order(.schedule(Self.schedule()), nonce: 1)
            let leaves = try await fixture.service.read { try await LogStore($0).leaves(0..<100) }
            #expect(leaves.suffix(2).map(\.kind) == [.act, .schedule])
            let logged = try await fixture.service.read { try await ScheduleStore($0).all() }
            #expect(logged.map(\.logIndex) == [1, try #require(leaves.last).index])
            #expect(logged.last?.schedule == Self.schedule())
            try await fixture.advance(to: Self.edge - 1)
            #expect(try await pay(fixture, channel, 1).price.base == 38_500_000)
            let again = try await fixture.reopened()
            try await again.advance(to: Self.edge)
            let charge = try await pay(again, channel, 2)
            #expect(charge.schedule == 2)
            #expect(charge.price.base == 40_000_000)
            await again.pool.close()
        }
    }

    @Test func `what may not follow is refused, and neither it nor its act is logged`() async throws {
        try await ServiceFixture.run { fixture in
            let size = fixture.service.heads.head.head.size
            for (schedule, code) in [
                (Self.schedule(3), "schedule/version"), (Self.schedule(from: Self.edge - 1), "schedule/effective-from"),
                (Self.schedule(base: 10_000_000_001), "schedule/bounds"),
                (Self.schedule(base: Amount(Self.edge.asUInt128)), "schedule/looks-like-time"),
                (Self.schedule(base: 77_000_002), "schedule/step"),
            ] {
                await #expect { try await fixture.order(.schedule(schedule), nonce: 1) } throws: {
                    ($0 as? Refusal)?.code == code && ($0 as? Refusal)?.status == 422
                }
            }
            #expect(fixture.service.heads.head.head.size == size)
            try await fixture.order(.schedule(Self.schedule(base: 77_000_001)), nonce: 1)
        }
    }

    @Test func `the state of fees tells what is in force, what comes next, and what may follow it`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.order(.schedule(Self.schedule()), nonce: 1)
            let third = Self.schedule(3, from: Self.edge + Self.notice, base: 50_000_000)
            let announced = try await fixture.service.feeState()
            #expect(announced.inForce.version == 1)
            #expect(announced.next == Self.schedule())
            #expect(announced.preview(third, genesis: fixture.service.genesis).refused == nil)
            let early = Self.schedule(3, from: Self.edge + Self.notice - 1)
            let preview = announced.preview(early, genesis: fixture.service.genesis)
            #expect(preview.refused?.code == "schedule/effective-from")
            #expect(preview.preview.inForce == 1)
            try await fixture.advance(to: Self.edge)
            let inForce = try await fixture.service.feeState()
            #expect(inForce.inForce == Self.schedule())
            #expect(inForce.next == nil)
            #expect(await fixture.service.adminState().nonce == 1)
        }
    }

    @Test func `an instance is not made with fees that are out of bounds`() async throws {
        for (options, field) in [
            (["--message-fee", "10000000001"], "base"), (["--storage-fee", "10001"], "storagePerByteDay"),
            (["--congestion-fee", "100000001", "--target-per-minute", "1"], "congestionUnit"),
            (["--postage-window", "3599"], "postageWindow"), (["--retention-min", "0"], "retentionDaysMin"),
        ] {
            await #expect {
                try await ServiceFixture.run(options) { _ in }
            } throws: {
                ($0 as? OperatorError)?.description.contains("No instance is made with these fees: \(field) is") == true
            }
        }
        #expect(throws: (any Error).self) { try InstanceOptions.parse(["--congestion-fee", "1"]) }
        #expect(throws: (any Error).self) { try InstanceOptions.parse(["--target-per-minute", "1"]) }
    }

    @Test func `an audit follows schedules across an edge, and names one without its act`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 1_000_000_000)
            try await fixture.order(.schedule(Self.schedule(from: Self.edge + 60)), nonce: 1)
            for (place, time) in [0, Self.notice, Self.notice + 60].enumerated() {
                try await fixture.advance(to: ServiceFixture.start + time)
                _ = try await pay(fixture, channel, UInt64(place + 1))
            }
            try await fixture.order(.seal(epoch: 1), nonce: 2)
            try await fixture.advance(to: Self.edge + ServiceFixture.epochLength)
            try await fixture.order(.seal(epoch: 2), nonce: 3)
            let out = fixture.directory + "/reports"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var audits: [DirectoryAudit] = []
            try DirectoryChain.audit(out) { audits.append($0) }
            #expect(audits.map { $0.start.schedules.map(\.version) } == [[], [1, 2]])

            let (opening, leaves) = try await fixture.service.read {
                let inputs = try await EpochInputs($0, epoch: 1)
                return (try await inputs.opening(), try await inputs.leaves())
            }
            func difference(_ change: (LogLeaf) -> [UInt8]?) throws -> AuditDifference? {
                var replay = try EpochReplay(opening)
                do {
                    var index = opening.size
                    for leaf in leaves {
                        guard let body = change(leaf) else { continue }
                        try replay.apply(LogLeaf(index: index, time: leaf.time, kind: leaf.kind, body: body))
                        index += 1
                    }
                    return nil
                } catch let difference as AuditDifference {
                    return difference
                }
            }
            #expect(try difference(\.body) == nil)
            #expect(try difference { $0.kind == .act ? nil : $0.body }?.expected == "none without an act")
            #expect(
                try difference { $0.kind == .schedule && $0.index > 1 ? nil : $0.body }?.what == "leaf after the act")
            let other = Self.schedule(from: Self.edge + 61).canonicalBytes
            let changed = try difference { $0.kind == .schedule && $0.index > 1 ? other : $0.body }
            #expect(changed?.expected == "the act's")
            let act = AdminAct(.schedule(Self.schedule()), nonce: 1)
            let forged = LogBody.signed(
                .act, act.canonicalBytes,
                fixture.settlement.sign(fixture.service.domain.digest(of: act.statement))
            ).body
            #expect(try difference { $0.kind == .act ? forged : $0.body }?.what == "signature")
            let early = AdminAct(.schedule(Self.schedule(from: Self.edge - 1)), nonce: 1)
            let hasty = LogBody.signed(
                .act, early.canonicalBytes, fixture.admin.sign(fixture.service.domain.digest(of: early.statement))
            ).body
            let refused = try difference {
                $0.kind == .act
                    ? hasty
                    : $0.kind == .schedule && $0.index > 1
                        ? Self.schedule(from: Self.edge - 1).canonicalBytes : $0.body
            }
            #expect(refused?.found.hasPrefix("effectiveFrom is") == true)
        }
    }
}

extension UInt64 {
    fileprivate var asUInt128: UInt128 { UInt128(self) }
}
