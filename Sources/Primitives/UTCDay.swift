/// A day of UTC: the number of days since 1970-01-01, as Unix time counts them (86,400 seconds each).
public struct UTCDay: Hashable, Sendable, Comparable {
    /// Days since 1970-01-01.
    public let number: UInt32

    /// Seconds in a day.
    public static let seconds: UInt64 = 86_400

    /// The day with this number.
    public init(number: UInt32) {
        self.number = number
    }

    /// The day that holds a Unix time in seconds.
    public init(containing time: UInt64) {
        number = UInt32(clamping: time / Self.seconds)
    }

    /// The Unix time of the day's midnight, its first second.
    public var start: UInt64 { UInt64(number) * Self.seconds }

    /// The day after.
    public var next: UTCDay { UTCDay(number: number + 1) }

    /// Orders by date.
    public static func < (a: UTCDay, b: UTCDay) -> Bool { a.number < b.number }
}

extension UTCDay: CustomStringConvertible {
    /// The date as `YYYY-MM-DD` (proleptic Gregorian; days-to-civil after H. Hinnant).
    public var description: String {
        let shifted = Int(number) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}
