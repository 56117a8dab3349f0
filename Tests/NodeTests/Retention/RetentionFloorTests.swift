import Channels
import Primitives
import Testing

@testable import Node

@Suite struct RetentionFloorTests {
    /// Epochs of two days from day 20,458.
    private let clock = EpochClock(start: TestLog.start, length: TestLog.epochSeconds)

    @Test(
        arguments: [
            (20_458, 0, 20_458), (20_470, 0, 20_458), (20_470, 1, 20_460), (20_470, 5, 20_468), (20_470, 6, 20_470),
            (20_470, 90, 20_470), (20_470, UInt64.max, 20_470), (0, 7, 0),
        ] as [(UInt32, UInt64, UInt32)])
    func `the floor is today, or the day on which the first epoch that is not sealed began`(
        _ today: UInt32, _ sealed: UInt64, _ expected: UInt32
    ) {
        let time = UTCDay(number: today).start + 5_000
        #expect(RetentionFloor.day(time: time, sealedThrough: sealed, clock).number == expected)
    }

    @Test func `P23: no message of an epoch that is not sealed is ever below the floor`() {
        var generator = SplitMix64(seed: 23)
        for _ in 0..<2_000 {
            let clock = EpochClock(
                start: .random(in: 0...2_000_000_000, using: &generator),
                length: .random(in: 1...5_000_000, using: &generator))
            let logged = clock.start + .random(in: 0...300_000_000, using: &generator)
            let epoch = (logged - clock.start) / clock.length + 1
            // The rule of admission: a message expires after the day on which it was logged.
            let expiry = UTCDay(number: UTCDay(containing: logged).number + .random(in: 1...400, using: &generator))
            let sealed = UInt64.random(in: 0..<epoch, using: &generator)
            let time = logged + .random(in: 0...600_000_000, using: &generator)
            #expect(expiry >= RetentionFloor.day(time: time, sealedThrough: sealed, clock))
            // Once it is sealed, it goes as soon as it has expired.
            let gone = UTCDay(number: expiry.number + 1).start + 2 * clock.length
            let later = (gone - clock.start) / clock.length
            #expect(expiry < RetentionFloor.day(time: gone, sealedThrough: later, clock))
        }
    }
}
