import Channels
import Primitives
import Testing

@Suite struct StorageHoldTests {
    private struct Message {
        let charge: Charge
        let accepted: UInt64
        let perDay: Amount
        var isHeld = true
    }

    /// A message with a storage fee of rate × bytes × days, as a schedule prices it.
    private static func message(_ generator: inout SplitMix64, today: UInt32) throws -> Message {
        let days = UInt32.random(in: 1...20, using: &generator)
        let bytes = UInt32.random(in: 0...5_000, using: &generator)
        let accepted = UInt64(today) * 86_400 + UInt64.random(in: 0..<86_400, using: &generator)
        let item = Item(
            envelopeHash: .zero, bytes: bytes, expiryDay: UTCDay(number: today + days), postage: 0, maxFee: .max)
        let schedule = TestChannel.schedule(storage: Amount(UInt128.random(in: 0...1_000, using: &generator)))
        let charge = Charge(
            number: 1, epoch: 1, commitment: .zero, envelopeHash: .zero, bytes: bytes, expiryDay: item.expiryDay,
            schedule: 1, price: try schedule.price(item, acceptedAt: accepted, congestion: 0), publishBy: 0)
        return Message(charge: charge, accepted: accepted, perDay: try charge.storagePerDay(acceptedAt: accepted))
    }

    @Test func `midnights capture the whole storage fee, and released part + captured part = fee`() throws {
        for seed in UInt64(1)...10 {
            var generator = SplitMix64(seed: seed)
            var holds = StorageHolds()
            var messages: [Message] = []
            var (fees, captured, released) = (Amount.zero, Amount.zero, Amount.zero)
            for today in UInt32(20_454)..<20_554 {
                let about: Comment = "seed \(seed), day \(today)"
                for _ in 0..<(today < 20_520 ? Int.random(in: 0...4, using: &generator) : 0) {
                    let message = try Self.message(&generator, today: today)
                    fees = try fees.adding(message.charge.price.storage)
                    try holds.hold(perDay: message.perDay, until: message.charge.expiryDay)
                    messages.append(message)
                }
                if let place = messages.indices.randomElement(using: &generator), messages[place].isHeld,
                    messages[place].charge.expiryDay.number > today
                {
                    let (message, day) = (messages[place], UTCDay(number: today))
                    released = try released.adding(
                        message.charge.unspentStorage(acceptedAt: message.accepted, after: day))
                    try holds.release(perDay: message.perDay, until: message.charge.expiryDay)
                    messages[place].isHeld = false
                }
                let held = try holds.held(after: UTCDay(number: today))
                #expect(try Amount.sum([held, captured, released]) == fees, about)
                captured = try captured.adding(try holds.capture(UTCDay(number: today + 1)))
            }
            #expect(holds.daily.isEmpty, "seed \(seed)")
            #expect(try captured.adding(released) == fees, "seed \(seed)")
            #expect(captured > .zero && released > .zero, "seed \(seed)")
        }
    }

    @Test func `a message pays each midnight up to the one that begins its expiry day, and no other`() throws {
        var holds = StorageHolds()
        try holds.hold(perDay: 7, until: UTCDay(number: 103))
        let captures = try (101...105).map { try holds.capture(UTCDay(number: $0)) }
        #expect(captures == [7, 7, 7, 0, 0])
    }

    @Test func `a fee is unspent whole on the day of acceptance, and day by day less`() throws {
        func charge(until expiry: UInt32, storage: Amount) -> Charge {
            Charge(
                number: 1, epoch: 1, commitment: .zero, envelopeHash: .zero, bytes: 1,
                expiryDay: UTCDay(number: expiry), schedule: 1,
                price: Price(base: 0, storage: storage, congestion: 0, postage: 0), publishBy: 0)
        }
        let accepted: UInt64 = 100 * 86_400 + 5
        let three = charge(until: 103, storage: 21)
        for (day, left): (UInt32, Amount) in [(100, 21), (101, 14), (102, 7), (103, 0), (104, 0), (.max, 0)] {
            #expect(try three.unspentStorage(acceptedAt: accepted, after: UTCDay(number: day)) == left, "\(day)")
        }
        for expiry: UInt32 in [0, 99, 100] {
            #expect(try charge(until: expiry, storage: 21).storagePerDay(acceptedAt: accepted) == 0, "\(expiry)")
        }
    }

    @Test func `nothing is released beyond what is held`() throws {
        var holds = StorageHolds(daily: [UTCDay(number: 5): 10, UTCDay(number: 6): 0])
        #expect(holds.daily == [UTCDay(number: 5): 10])
        #expect(throws: AmountError.underflow) { try holds.release(perDay: 11, until: UTCDay(number: 5)) }
        #expect(throws: AmountError.underflow) { try holds.release(perDay: 1, until: UTCDay(number: 6)) }
        #expect(holds.daily == [UTCDay(number: 5): 10])
        try holds.release(perDay: 10, until: UTCDay(number: 5))
        #expect(holds.daily.isEmpty)
    }

    @Test func `sums above 2^128 - 1 are refused and change nothing`() throws {
        var holds = StorageHolds(daily: [UTCDay(number: 5): .max])
        #expect(throws: AmountError.overflow) { try holds.hold(perDay: 1, until: UTCDay(number: 5)) }
        #expect(throws: AmountError.overflow) { try holds.held(after: UTCDay(number: 3)) }
        #expect(try holds.held(after: UTCDay(number: 4)) == .max)
        try holds.hold(perDay: 1, until: UTCDay(number: 6))
        #expect(throws: AmountError.overflow) { try holds.capture(UTCDay(number: 5)) }
        #expect(holds.daily.count == 2)
    }
}
