/// An epoch's figures as they follow from a trace and the fees that the issue names. Shares no code with the service.
struct ExpectedEpoch: Equatable {
    var messages: UInt64 = 0
    var welcomed: UInt64 = 0
    var charged: UInt64 = 0
    var capturedBase: UInt64 = 0
    var capturedStorage: UInt64 = 0
    var capturedPostage: UInt64 = 0
    var refunded: UInt64 = 0
    var held: UInt64 = 0
    var postageHeld: UInt64 = 0

    var captured: UInt64 { capturedBase + capturedStorage + capturedPostage }
}

/// The figures of every epoch of a trace whose epochs are days.
struct ExpectedFigures {
    static let base: UInt64 = 38_500_000
    static let storagePerByteDay: UInt64 = 22
    static let postage: UInt64 = 1_000_000_000
    static let retentionDays: UInt64 = 60

    /// The epochs, the first one first.
    private(set) var epochs: [ExpectedEpoch]

    init(_ messages: [SentMessage], start: UInt64, day: UInt64) {
        let clock = ExpectedClock(messages, start: start, day: day)
        epochs = Array(repeating: ExpectedEpoch(), count: Int(clock.epochCount))
        // A charge belongs to the epoch that begins at its moment, a deadline to the epoch that ends at its moment.
        func epoch(of charge: UInt64) -> Int { Int((charge - start) / day) }
        func epoch(ofDeadline deadline: UInt64) -> Int { Int((deadline - start + day - 1) / day) - 1 }

        for (place, message) in messages.enumerated() {
            let accepted = epoch(of: clock.accepted[place])
            let perDay = Self.storagePerByteDay * message.bytes
            epochs[accepted].messages += 1
            epochs[accepted].charged += Self.base + perDay * Self.retentionDays
            if accepted + 1 < epochs.count { epochs[accepted + 1].capturedBase += Self.base }
            // A day of storage at each midnight after acceptance; each epoch ends with one.
            for later in epochs.indices.filter({ $0 >= accepted }).prefix(Int(Self.retentionDays)) {
                epochs[later].capturedStorage += perDay
            }
        }
        for opening in clock.openings {
            epochs[epoch(of: clock.accepted[opening])].charged += Self.postage
            if let answer = Self.welcome(of: opening, in: messages) {
                epochs[epoch(of: clock.accepted[answer])].refunded += Self.postage
                epochs[epoch(of: clock.accepted[answer])].welcomed += 1
            } else {
                let end = clock.accepted[opening] + ExpectedClock.postageWindow
                epochs[epoch(ofDeadline: end)].capturedPostage += Self.postage
            }
        }
        addBalances(clock, epoch(of:))
    }

    /// The first message of somebody else in the topic, where it comes less than 72 hours after the opening.
    private static func welcome(of opening: Int, in messages: [SentMessage]) -> Int? {
        let first = messages[opening]
        let answer = messages.indices.first {
            $0 > opening && messages[$0].topic == first.topic && messages[$0].sender != first.sender
        }
        return answer.flatMap { messages[$0].sentAt < first.sentAt + ExpectedClock.postageWindow ? $0 : nil }
    }

    private mutating func addBalances(_ clock: ExpectedClock, _ epoch: (UInt64) -> Int) {
        var held: UInt64 = 0
        var postageHeld: UInt64 = 0
        for place in epochs.indices {
            let opened = clock.openings.count { epoch(clock.accepted[$0]) == place }
            held += epochs[place].charged
            held -= epochs[place].captured + epochs[place].refunded
            postageHeld += UInt64(opened) * Self.postage
            postageHeld -= epochs[place].capturedPostage + epochs[place].refunded
            epochs[place].held = held
            epochs[place].postageHeld = postageHeld
        }
    }
}
