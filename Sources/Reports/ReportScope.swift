public import Ledger
public import Primitives

/// What a report speaks of.
public struct ReportScope: Hashable, Sendable {
    /// Which part of the log's time it is.
    public enum Period: Hashable, Sendable {
        /// An epoch, by number.
        case epoch(UInt64)
        /// Any range of UTC.
        case range
    }

    /// Whose accounts it shows.
    public enum Subject: Hashable, Sendable {
        /// The service's: the books.
        case books
        /// A payer's: all its channels, and what is payable to it.
        case payer(Address)
        /// One channel of a payer.
        case channel(Bytes32)
        /// A node operator's.
        case nodeOperator(Address)
    }

    /// The entries of the period, by number and hash.
    public struct Entries: Hashable, Sendable {
        /// The first entry.
        public let first: EntryAnchor
        /// The last entry.
        public let last: EntryAnchor

        /// Makes a range; `last` is not before `first`.
        public init(first: EntryAnchor, last: EntryAnchor) {
            precondition(first.number <= last.number, "a range of entries has an end")
            self.first = first
            self.last = last
        }
    }

    /// The largest scale that an instance may have.
    public static let scaleMax: UInt8 = 30
    /// The first second that a report can't end at: the day after must be one that every format can write, and dates end
    /// with the year 9999.
    public static let end: UInt64 = 253_402_214_400

    /// Whose accounts it shows.
    public let subject: Subject
    /// The report's title, any text.
    public let title: String
    /// The log whose ledger it is.
    public let logID: Bytes32
    /// Epoch or range.
    public let period: Period
    /// The first second, Unix time.
    public let from: UInt64
    /// The last second that an entry may have, Unix time.
    public let to: UInt64
    /// The books' entries of the period, or `nil` where there are none.
    public let entries: Entries?
    /// The currency's code.
    public let currency: String
    /// Decimals of the smallest unit.
    public let scale: UInt8

    /// Makes a scope.
    ///
    /// Throws ``ReportError/period(from:to:)`` or ``ReportError/scale(_:)``.
    public init(
        _ subject: Subject = .books, title: String, logID: Bytes32, period: Period, from: UInt64, to: UInt64,
        entries: Entries?, currency: String, scale: UInt8
    ) throws(ReportError) {
        guard from <= to, to < Self.end else { throw .period(from: from, to: to) }
        guard scale <= Self.scaleMax else { throw .scale(scale) }
        self.subject = subject
        self.title = title
        self.logID = logID
        self.period = period
        self.from = from
        self.to = to
        self.entries = entries
        self.currency = currency
        self.scale = scale
    }

    /// The day of the first second.
    var firstDay: UTCDay { UTCDay(containing: from) }
    /// The day of the last second.
    var lastDay: UTCDay { UTCDay(containing: to) }

    /// The period in words: `epoch 7`, or `range`.
    var periodText: String {
        switch period {
        case .epoch(let number): "epoch \(number)"
        case .range: "range"
        }
    }
}

extension ReportScope.Subject {
    /// What it is and whose: `payer` and an address; `nil` for the books.
    var named: (what: String, id: String)? {
        switch self {
        case .books: nil
        case .payer(let address): ("payer", address.hex)
        case .channel(let id): ("channel", id.hex)
        case .nodeOperator(let address): ("operator", address.hex)
        }
    }
}
