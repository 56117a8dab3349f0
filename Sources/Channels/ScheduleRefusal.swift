public import Primitives

/// A field of a schedule, named as in the schedule's bytes (docs/protocol.md §5) and in their order.
public enum ScheduleField: String, Hashable, Sendable, CaseIterable {
    /// ``FeeSchedule/base``.
    case base
    /// ``FeeSchedule/storagePerByteDay``.
    case storagePerByteDay
    /// ``FeeSchedule/congestionUnit``.
    case congestionUnit
    /// ``FeeSchedule/targetPerMinute``.
    case targetPerMinute
    /// ``FeeSchedule/postage``.
    case postage
    /// ``FeeSchedule/postageWindow``.
    case postageWindow
    /// ``FeeSchedule/retentionDaysMin``.
    case retentionDaysMin
    /// ``FeeSchedule/retentionDaysMax``.
    case retentionDaysMax
    /// ``FeeSchedule/bytesMax``.
    case bytesMax
}

extension FeeSchedule {
    /// A field's value; whole numbers that are no money are given as an amount too, so that all compare alike.
    public func value(of field: ScheduleField) -> Amount {
        switch field {
        case .base: base
        case .storagePerByteDay: storagePerByteDay
        case .congestionUnit: congestionUnit
        case .targetPerMinute: Amount(UInt128(targetPerMinute))
        case .postage: postage
        case .postageWindow: Amount(UInt128(postageWindow))
        case .retentionDaysMin: Amount(UInt128(retentionDaysMin))
        case .retentionDaysMax: Amount(UInt128(retentionDaysMax))
        case .bytesMax: Amount(UInt128(bytesMax))
        }
    }
}

/// Why a proposed schedule is refused.
public enum ScheduleRefusal: Error, Hashable, Sendable {
    /// Its version is not one above the last.
    case version(found: UInt32, last: UInt32)
    /// It would take effect too soon, or so late that its time must be wrong. Unix seconds.
    case effectiveFrom(found: UInt64, allowed: ClosedRange<UInt64>)
    /// A field is outside the bounds of every schedule.
    case bounds(ScheduleField, found: Amount, allowed: ClosedRange<Amount>)
    /// A rate looks like a Unix time near the schedule's own: fields were mixed up.
    case looksLikeTime(ScheduleField, found: Amount, times: ClosedRange<Amount>)
    /// A field moves further than one change may move it.
    case step(ScheduleField, found: Amount, allowed: ClosedRange<Amount>)

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .version: "schedule/version"
        case .effectiveFrom: "schedule/effective-from"
        case .bounds: "schedule/bounds"
        case .looksLikeTime: "schedule/looks-like-time"
        case .step: "schedule/step"
        }
    }

    /// One sentence for the operator: which field, what was found, what would be right.
    public var detail: String {
        switch self {
        case .version(let found, .max): "version is \(found); version \(UInt32.max) is the last that there can be."
        case .version(let found, let last): "version is \(found); it must be \(last + 1), one above the last."
        case .effectiveFrom(let found, let allowed):
            "effectiveFrom is \(found); it must be from \(allowed.lowerBound) to \(allowed.upperBound), Unix seconds."
        case .bounds(let field, let found, let allowed):
            "\(field.rawValue) is \(found); it must be from \(allowed.lowerBound) to \(allowed.upperBound)."
        case .looksLikeTime(let field, let found, let times):
            "\(field.rawValue) is \(found), which looks like a time; it must be outside \(times.lowerBound) to "
                + "\(times.upperBound)."
        case .step(.targetPerMinute, let found, let allowed):
            "targetPerMinute is \(found); this change may set it from \(allowed.lowerBound) to \(allowed.upperBound), "
                + "or to 0 for no congestion fee."
        case .step(let field, let found, let allowed):
            "\(field.rawValue) is \(found); this change may set it from \(allowed.lowerBound) to "
                + "\(allowed.upperBound)."
        }
    }
}
