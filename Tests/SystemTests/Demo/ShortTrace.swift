/// One message of a trace, as its line in the file.
struct SentMessage: Sendable {
    let sentAt: UInt64
    let sender: Int
    let topic: Int
    let bytes: UInt64
}

/// A trace made for its corner cases: twelve topics of eight senders in the first three days, and late answers.
enum ShortTrace {
    /// 2024-02-28 00:00 UTC, when the first epoch begins.
    static let start: UInt64 = 1_709_078_400
    /// The length of an epoch in these tests: one day.
    static let day: UInt64 = 86_400
    /// How many topics it has.
    static let topicCount = 12
    /// How many senders it has.
    static let senderCount = 8
    /// How many openings somebody else answers less than 72 hours later: topics 1, 2, 4, 6, 8, 9, 11.
    static let welcomedCount = 7

    /// The messages in order of time.
    static let messages: [SentMessage] =
        (stories + chatter).enumerated()
        .sorted { ($0.element.sentAt, $0.offset) < ($1.element.sentAt, $1.offset) }.map(\.element)

    /// The file's content.
    static var csv: String { csv(messages) }

    /// Any messages as a file's content.
    static func csv(_ messages: [SentMessage]) -> String {
        "sent_at,sender,stream,topic,bytes\n"
            + messages.map { "\($0.sentAt),\($0.sender),3,\($0.topic),\($0.bytes)\n" }.joined()
    }

    private static func at(_ day: UInt64, _ hour: UInt64, _ minute: UInt64 = 0, _ second: UInt64 = 0) -> UInt64 {
        start + day * Self.day + hour * 3_600 + minute * 60 + second
    }

    private static func message(_ topic: Int, _ sender: Int, _ sentAt: UInt64, _ bytes: UInt64) -> SentMessage {
        SentMessage(sentAt: sentAt, sender: sender, topic: topic, bytes: bytes)
    }

    /// The messages that decide about postage, topic by topic.
    private static let stories = [
        // Answered within the hour.
        message(1, 1, at(0, 0, 7), 300), message(1, 2, at(0, 1), 120),
        // The opener goes on first; another answers the next day.
        message(2, 2, at(0, 3), 80), message(2, 2, at(0, 4), 81), message(2, 3, at(1, 10), 82),
        // Answered exactly 72 hours later: too late.
        message(3, 3, at(0, 6), 501), message(3, 1, at(3, 6), 502),
        // Answered one second before 72 hours are over.
        message(4, 4, at(0, 7, 30), 64), message(4, 5, at(3, 7, 29, 59), 65),
        // Never answered by anybody else.
        message(5, 5, at(0, 13), 1_000), message(5, 5, at(0, 14), 1_001), message(5, 5, at(1, 9), 1_002),
        // Nothing inside, and an answer with nothing inside.
        message(6, 6, at(0, 15), 0), message(6, 7, at(2, 16), 0),
        // Opened at midnight, answered at midnight exactly 72 hours later.
        message(7, 7, at(1, 0), 33), message(7, 8, at(4, 0), 34),
        // Opened at a delivery cut, which is the moment of the kill too; answered in the epoch's last second.
        message(8, 8, at(1, 12), 700), message(8, 1, at(1, 23, 59, 59), 701),
        // Opened in an epoch's last second, answered at the edge.
        message(9, 1, at(1, 23, 59, 59), 90), message(9, 2, at(2, 0), 91),
        // Opened at an edge with nothing after it until noon: its window ends exactly at another edge.
        message(10, 2, at(2, 0), 1_024),
        // The largest message there is, opened at a delivery cut.
        message(11, 3, at(2, 12), 1_048_576), message(11, 4, at(3, 1), 17),
        // Three by the opener alone, two of them in one second.
        message(12, 8, at(2, 18), 5), message(12, 8, at(2, 18), 6), message(12, 8, at(2, 20), 7),
    ]

    /// Everyday messages in topics that were answered already, several senders in each group.
    private static let chatter = (0..<32).map { number in
        let moment =
            switch number {
            case ..<12: at(0, 9) + 600 * UInt64(number)
            case ..<24: at(1, 14) + 300 * UInt64(number)
            default: at(2, 13) + 7 * UInt64(number)
            }
        return message(1, 1 + number % senderCount, moment, 40 + 37 * UInt64(number))
    }
}
