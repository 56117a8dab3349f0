import Channels
import Primitives
import Testing

@testable import Node

@Suite struct ProbeScheduleTests {
    /// 2026-01-05T00:00:00Z, epochs of two days.
    private let clock = EpochClock(start: TestLog.start, length: 2 * 86_400)
    private let first = UTCDay(containing: TestLog.start)

    private func day(_ offset: UInt32) -> UTCDay { UTCDay(number: first.number + offset) }

    private func rounds(_ schedule: inout ProbeSchedule) -> [UTCDay] {
        var days: [UTCDay] = []
        while let round = schedule.next() {
            days.append(round.day)
            schedule.finish(round)
        }
        return days
    }

    @Test func `a midnight at an edge counts for the epoch that ends there, the one at the start for none`() {
        let epochs = (0...6).map { ProbeRound.epoch(ofMidnight: day($0), in: clock) }
        #expect(epochs == [nil, 1, 1, 2, 2, 3, 3])
        let odd = EpochClock(start: TestLog.start + 3_600, length: 86_400)
        #expect((0...3).map { ProbeRound.epoch(ofMidnight: day($0), in: odd) } == [nil, 1, 2, 3])
        let short = EpochClock(start: TestLog.start, length: 3_600)
        #expect((0...2).map { ProbeRound.epoch(ofMidnight: day($0), in: short) } == [nil, 24, 48])
    }

    @Test func `the first head says where a node is, each later midnight is due once and in order`() {
        var schedule = ProbeSchedule(clock: clock, probedThrough: nil, roundsDueMax: 100)
        #expect(schedule.through == nil)
        schedule.see(time: day(2).start + 5)
        #expect(rounds(&schedule) == [] && schedule.through == day(2))
        schedule.see(time: day(3).start - 1)
        #expect(rounds(&schedule) == [])
        schedule.see(time: day(3).start)
        #expect(rounds(&schedule) == [day(3)])
        schedule.see(time: day(6).start + 1)
        schedule.see(time: day(5).start)
        #expect(rounds(&schedule) == [day(4), day(5), day(6)] && schedule.through == day(6))
        #expect(rounds(&schedule) == [])
    }

    @Test func `midnights that passed while the node was down are not probed later`() {
        var schedule = ProbeSchedule(clock: clock, probedThrough: day(2), roundsDueMax: 100)
        #expect(schedule.through == day(2))
        schedule.see(time: day(5).start, isCurrent: false)
        #expect(rounds(&schedule) == [])
        schedule.see(time: day(6).start + 10, isCurrent: true)
        #expect(rounds(&schedule) == [] && schedule.through == day(6))
        schedule.see(time: day(7).start, isCurrent: false)
        #expect(rounds(&schedule) == [day(7)])
    }

    @Test func `a head far ahead makes a bounded number of rounds due, the newest`() {
        var schedule = ProbeSchedule(clock: clock, probedThrough: nil, roundsDueMax: 3)
        schedule.see(time: day(0).start)
        schedule.see(time: day(1_000_000).start)
        #expect(rounds(&schedule) == [day(999_998), day(999_999), day(1_000_000)])
    }

    @Test func `midnights before the first epoch are passed over`() {
        var schedule = ProbeSchedule(
            clock: EpochClock(start: day(3).start, length: 86_400),
            probedThrough: nil,
            roundsDueMax: 100
        )
        schedule.see(time: day(0).start)
        schedule.see(time: day(4).start)
        #expect(rounds(&schedule) == [day(4)])
        #expect(schedule.through == day(4))
    }

    @Test func `points differ by day, observer and subject, and are the same again`() {
        func points(_ day: UInt32, _ observer: UInt32, _ subject: UInt32, seed: UInt64 = 1) -> [Bytes32] {
            ProbeProofs.points(
                seed: seed,
                day: UTCDay(number: day),
                observer: observer,
                subject: subject,
                count: 8
            )
        }
        #expect(points(1, 1, 2) == points(1, 1, 2))
        let all = [points(1, 1, 2), points(2, 1, 2), points(1, 2, 1), points(1, 1, 3), points(1, 1, 2, seed: 2)]
        #expect(Set(all.flatMap { $0 }).count == 40)
    }
}
