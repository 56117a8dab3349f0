public import Primitives

/// What messages cost under the schedule in force and under a proposed one, so that a person sees what a change does
/// before it is logged.
public struct SchedulePreview: Hashable, Sendable, Encodable {
    /// What a message costs under one schedule.
    public enum Quote: Hashable, Sendable {
        /// Its parts and their sum, in ledger units.
        case price(Price, total: Amount)
        /// The schedule takes no such message.
        case refused(PriceRefusal)
    }

    /// One message and its two prices.
    public struct Row: Hashable, Sendable, Encodable {
        /// The payload's size.
        public let bytes: UInt32
        /// Days of storage.
        public let days: UInt32
        /// Whether it carries postage, each schedule's own.
        public let withPostage: Bool
        /// Units of congestion, 0 … 100.
        public let congestionUnits: UInt8
        /// Under the schedule in force.
        public let inForce: Quote
        /// Under the proposed one.
        public let proposed: Quote
    }

    /// The messages: a short one that is soon read, a long one, an attachment, and the largest.
    public static let messages: [(bytes: UInt32, days: UInt32)] = [
        (64, 2), (1_024, 60), (102_400, 60), (1_048_576, 365),
    ]

    /// The version in force.
    public let inForce: UInt32
    /// The proposed version.
    public let proposed: UInt32
    /// When the proposed version would take effect, Unix seconds.
    public let effectiveFrom: UInt64
    /// Each message without and with postage, each of these at 0 and at 100 units of congestion.
    public let rows: [Row]

    /// Prices the messages under both schedules; the proposed one may be any, also one that is refused.
    public init(inForce: FeeSchedule, proposed: FeeSchedule) {
        self.inForce = inForce.version
        self.proposed = proposed.version
        effectiveFrom = proposed.effectiveFrom
        rows = Self.messages.flatMap { message in
            [false, true].flatMap { withPostage in
                [0, Congestion.unitsMax].map { units in
                    Row(
                        bytes: message.bytes, days: message.days, withPostage: withPostage, congestionUnits: units,
                        inForce: Quote(message, withPostage, units, inForce),
                        proposed: Quote(message, withPostage, units, proposed))
                }
            }
        }
    }

    /// The titles of the table's columns.
    public static let columns = ["bytes", "days", "postage", "congestion_units", "in_force", "proposed"]

    /// The table: a line for each row, a text for each column.
    public var cells: [[String]] {
        rows.map { row in
            [
                String(row.bytes), String(row.days), row.withPostage ? "yes" : "no", String(row.congestionUnits),
                row.inForce.text, row.proposed.text,
            ]
        }
    }
}

extension SchedulePreview.Quote {
    fileprivate init(
        _ message: (bytes: UInt32, days: UInt32), _ withPostage: Bool, _ units: UInt8, _ schedule: FeeSchedule
    ) {
        let item = Item(
            envelopeHash: .zero, bytes: message.bytes, expiryDay: UTCDay(number: message.days),
            postage: withPostage ? schedule.postage : .zero, maxFee: .max)
        do throws(PriceRefusal) {
            let price = try schedule.price(item, acceptedAt: 0, congestion: units)
            guard let total = try? price.total else { throw .overflow }
            self = .price(price, total: total)
        } catch {
            self = .refused(error)
        }
    }

    /// The sum, or why there is none.
    public var text: String {
        switch self {
        case .price(_, let total): total.decimal
        case .refused(let refusal): refusal.detail
        }
    }
}

extension SchedulePreview.Quote: Encodable {
    private enum Key: String, CodingKey {
        case base, storage, congestion, postage, total, refused
    }

    /// Writes an object of the parts and `total`, or one with `refused`, a sentence.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .price(let price, let total):
            try container.encode(price.base, forKey: .base)
            try container.encode(price.storage, forKey: .storage)
            try container.encode(price.congestion, forKey: .congestion)
            try container.encode(price.postage, forKey: .postage)
            try container.encode(total, forKey: .total)
        case .refused(let refusal):
            try container.encode(refusal.detail, forKey: .refused)
        }
    }
}
