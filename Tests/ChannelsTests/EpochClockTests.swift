import Channels
import Primitives
import Testing

@Suite struct EpochClockTests {
    private let week = EpochClock(start: 1_767_225_600, length: 604_800)

    @Test func `epoch 1 begins at the start, and each epoch where the one before ends`() {
        #expect(week.beginning(of: 1) == 1_767_225_600)
        #expect(week.edge(of: 1) == 1_767_830_400)
        for epoch: UInt64 in 1...200 { #expect(week.edge(of: epoch) == week.beginning(of: epoch + 1)) }
        for epoch: UInt64 in 1...200 { #expect(week.edge(of: epoch) - week.beginning(of: epoch) == 604_800) }
    }

    @Test func `the delivery cut is a day after the edge, or half an epoch where that is less`() {
        for (length, delay): (UInt64, UInt64) in [
            (604_800, 86_400), (172_801, 86_400), (172_800, 86_400), (172_799, 86_399), (3_600, 1_800), (3, 1), (1, 0),
        ] {
            let clock = EpochClock(start: 50, length: length)
            #expect(clock.deliveryCut(of: 3) == 50 + 3 * length + delay, "\(length)")
        }
    }

    @Test func `an envelope may be published for an hour, or a quarter of an epoch where that is less`() {
        for (length, delay): (UInt64, UInt64) in [
            (604_800, 3_600), (14_401, 3_600), (14_400, 3_600), (14_399, 3_599), (60, 15), (3, 0),
        ] {
            #expect(EpochClock(start: 50, length: length).publishBy(acceptedAt: 1_000) == 1_000 + delay, "\(length)")
        }
    }

    @Test func `moments that 64 bits can't hold are the last one that they can`() {
        let last = UInt64.max
        let clock = EpochClock(start: 50, length: 1 << 32)
        let epoch: UInt64 = (1 << 32) - 1
        #expect(clock.edge(of: epoch) == 18_446_744_069_414_584_370)
        for beyond: UInt64 in [1 << 32, (1 << 32) + 1, last] {
            #expect(clock.edge(of: beyond) == last)
            #expect(clock.deliveryCut(of: beyond) == last)
            #expect(clock.beginning(of: beyond) == (beyond == 1 << 32 ? clock.edge(of: epoch) : last))
        }
        for (start, edge): (UInt64, UInt64) in [(last - 11, last - 1), (last - 10, last), (last - 9, last)] {
            #expect(EpochClock(start: start, length: 10).edge(of: 1) == edge)
        }
        let hours = EpochClock(start: 0, length: 14_400)
        for (time, until): (UInt64, UInt64) in [(last - 3_601, last - 1), (last - 3_600, last), (last - 3_599, last)] {
            #expect(hours.publishBy(acceptedAt: time) == until)
        }
    }

    @Test func `what would be epoch 0 is the start`() {
        #expect(week.beginning(of: 0) == 1_767_225_600)
        #expect(week.edge(of: 0) == 1_767_225_600)
    }

    @Test func `the genesis of the vectors keeps the clock and the domain of its fields`() throws {
        let file = try Vector.file(.protocol)
        let form = try #require(try file["forms"].list.first { $0.title == "body 1 genesis" })
        let genesis = try Genesis(canonicalBytes: form["bytes"].bytes)
        #expect(genesis.epochs == week)
        #expect(genesis.domain.separator == (try file["domain"]["separator"].word))
        #expect(genesis.logID == (try file["receipt"]["logId"].word))
    }
}
