/// What goes back on one ground, by part; `fromPool` is what of it the pool pays.
struct ExpectedRefunds: Equatable {
    var refunds: UInt64 = 0
    var base: UInt64 = 0
    var storage: UInt64 = 0
    var postage: UInt64 = 0
    var fromPool: UInt64 = 0

    var amount: UInt64 { base + storage + postage }
}

/// An epoch's figures as they follow from a trace and the fees that the issue names. Shares no code with the service.
struct ExpectedEpoch: Equatable {
    var charged: UInt64 = 0
    var capturedBase: UInt64 = 0
    var capturedStorage: UInt64 = 0
    var capturedPostage: UInt64 = 0
    var welcomed = ExpectedRefunds()
    var deleted = ExpectedRefunds()
    var twice = ExpectedRefunds()
    var outage = ExpectedRefunds()
    var held: UInt64 = 0
    var postageHeld: UInt64 = 0

    var captured: UInt64 { capturedBase + capturedStorage + capturedPostage }
    var refunds: [ExpectedRefunds] { [welcomed, deleted, twice, outage] }
    var refunded: UInt64 { refunds.reduce(0) { $0 + $1.amount } }
    var repaid: UInt64 { refunds.reduce(0) { $0 + $1.fromPool } }
}

/// The figures of every epoch of a trace whose epochs are days.
struct ExpectedFigures {
    static let base: UInt64 = 38_500_000
    static let storagePerByteDay: UInt64 = 22
    static let postage: UInt64 = 1_000_000_000
    static let retentionDays: UInt64 = 60

    /// The epochs, the first one first.
    private(set) var epochs: [ExpectedEpoch]
    private let messages: [SentMessage]
    private let clock: ExpectedClock
    private let start: UInt64
    private let day: UInt64
    /// The day on which the storage of a message is given up, by its place.
    private var deletions: [Int: Int] = [:]

    /// Four nodes, of which one is killed at noon of the second day and comes back at its end.
    init(_ messages: [SentMessage], start: UInt64, day: UInt64) {
        self.messages = messages
        self.start = start
        self.day = day
        clock = ExpectedClock(messages, start: start, day: day)
        epochs = Array(repeating: ExpectedEpoch(), count: Int(clock.epochCount))
        addWelcomesAndDeletions()
        for place in messages.indices { addCharge(place) }
        for place in stride(from: 0, to: messages.count, by: 50) { addSecondCharge(place) }
        addOutage()
        addBalances()
    }

    /// A charge belongs to the epoch that begins at its moment, a deadline to the epoch that ends at its moment.
    private func epoch(of charge: UInt64) -> Int { Int((charge - start) / day) }
    private func epoch(ofDeadline deadline: UInt64) -> Int { Int((deadline - start + day - 1) / day) - 1 }
    private func accepted(_ place: Int) -> Int { epoch(of: clock.accepted[place]) }
    private func perDay(_ place: Int) -> UInt64 { Self.storagePerByteDay * messages[place].bytes }

    private mutating func addCharge(_ place: Int) {
        let epoch = accepted(place)
        epochs[epoch].charged += Self.base + perDay(place) * Self.retentionDays
        if epoch + 1 < epochs.count { epochs[epoch + 1].capturedBase += Self.base }
        // A day of storage at each midnight after acceptance; each epoch ends with one.
        let end = deletions[place] ?? epoch + Int(Self.retentionDays)
        for later in epochs.indices.filter({ $0 >= epoch && $0 < end }) {
            epochs[later].capturedStorage += perDay(place)
        }
    }

    /// Openings that are answered, and of each five of these that have a payload the first.
    private mutating func addWelcomesAndDeletions() {
        var deletable = 0
        let answers = clock.openings.map { ($0, Self.welcome(of: $0, in: messages)) }
        for (opening, answer) in answers {
            epochs[accepted(opening)].charged += Self.postage
            guard answer == nil else { continue }
            let end = clock.accepted[opening] + ExpectedClock.postageWindow
            epochs[epoch(ofDeadline: end)].capturedPostage += Self.postage
        }
        for (opening, answer) in answers.compactMap({ pair in pair.1.map { (pair.0, $0) } }).sorted(by: { $0.1 < $1.1 })
        {
            let today = accepted(answer)
            epochs[today].welcomed.refunds += 1
            epochs[today].welcomed.postage += Self.postage
            guard messages[opening].bytes > 0 else { continue }
            if deletable % 5 == 0 {
                deletions[opening] = today
                let daysLeft = Self.retentionDays - UInt64(today - accepted(opening))
                epochs[today].deleted.refunds += 1
                epochs[today].deleted.storage += daysLeft * perDay(opening)
            }
            deletable += 1
        }
    }

    /// The first message of somebody else in the topic, where it comes less than 72 hours after the opening.
    private static func welcome(of opening: Int, in messages: [SentMessage]) -> Int? {
        let first = messages[opening]
        let answer = messages.indices.first {
            $0 > opening && messages[$0].topic == first.topic && messages[$0].sender != first.sender
        }
        return answer.flatMap { messages[$0].sentAt < first.sentAt + ExpectedClock.postageWindow ? $0 : nil }
    }

    /// A message that is paid again, without postage: all of it goes back at noon of the next day, when one midnight was
    /// captured, which is the pool's to pay.
    private mutating func addSecondCharge(_ place: Int) {
        let epoch = accepted(place)
        epochs[epoch].charged += Self.base + perDay(place) * Self.retentionDays
        epochs[epoch].capturedStorage += perDay(place)
        guard epoch + 1 < epochs.count else { return }
        epochs[epoch + 1].twice.refunds += 1
        epochs[epoch + 1].twice.base += Self.base
        epochs[epoch + 1].twice.storage += Self.retentionDays * perDay(place)
        epochs[epoch + 1].twice.fromPool += perDay(place)
    }

    /// One node of four was away for half of the second day. Of what the midnight that began it captured of a sender's
    /// messages an eighth is declared when the third day begins, and paid at its end. Of second charges of the first day all
    /// went back before.
    private mutating func addOutage() {
        guard epochs.count > 2 else { return }
        var captured: [Int: UInt64] = [:]
        for place in messages.indices where accepted(place) < 1 && deletions[place] ?? 1 > 0 {
            captured[messages[place].sender, default: 0] += perDay(place)
        }
        epochs[2].outage.refunds = 1
        epochs[2].outage.storage = captured.values.reduce(0) { $0 + $1 / 8 }
        epochs[2].outage.fromPool = epochs[2].outage.storage
    }

    private mutating func addBalances() {
        var held: UInt64 = 0
        var postageHeld: UInt64 = 0
        for place in epochs.indices {
            let epoch = epochs[place]
            let opened = clock.openings.count { accepted($0) == place }
            held += epoch.charged
            held -= epoch.captured + epoch.refunded - epoch.repaid
            postageHeld += UInt64(opened) * Self.postage
            postageHeld -= epoch.capturedPostage + epoch.welcomed.postage
            epochs[place].held = held
            epochs[place].postageHeld = postageHeld
        }
    }
}
