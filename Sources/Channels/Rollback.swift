public import Primitives

/// The admission that a log lost leaves that were shown: body of the order `rollback`.
///
/// Its act is the first leaf of the history that goes on, at index i. Every head of more than i leaves from before
/// ``time`` is of the history that was lost: it is withdrawn, and contradicts no head of the history that goes on. What
/// such a head proves may be restored by ``RestoredCharge``.
public struct Rollback: Hashable, Sendable {
    /// The newest head of the lost history that is known.
    public let lost: SignedHead
    /// When the log goes on, Unix seconds, after the lost head's time: no head of the history that goes on is older.
    public let time: UInt64
    /// How many charges the log had numbered before the act.
    public let charges: UInt64
    /// The last number that the lost history may have given to a charge: the log goes on with the next one.
    public let lastCharge: UInt64

    /// More charges than a log takes in a second.
    public static let chargesPerSecondMax: UInt64 = 1 << 20

    /// Makes a rollback; ``KeyHistory/isGood(_:at:)`` checks it.
    public init(lost: SignedHead, time: UInt64, charges: UInt64, lastCharge: UInt64) {
        self.lost = lost
        self.time = time
        self.charges = charges
        self.lastCharge = lastCharge
    }

    /// The rollback of a log with `charges` charges that goes on at `time` or, where that is not later, after the lost head.
    ///
    /// The lost history may have been rolled back itself, which the copy does not know. Numbers that follow the time at so
    /// many a second are above all that were given before it, whatever was lost.
    public init(lost: SignedHead, charges: UInt64, time: UInt64) {
        let time = max(time, lost.head.time.addingClamped(1))
        let (numbers, isBeyond) = time.multipliedReportingOverflow(by: Self.chargesPerSecondMax)
        let last = charges.addingClamped(lost.head.size).addingClamped(Self.chargesPerSecondMax)
        self.init(
            lost: lost, time: time, charges: charges,
            lastCharge: min(max(last, isBeyond ? .max : numbers), UInt64(Int64.max)))
    }

    /// `tagged "feesvc/rollback/1": bytes head, sig, u64 time, u64 charges, u64 lastCharge`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/rollback/1")
        encoder.append(lost.head.canonicalBytes)
        encoder.append(lost.signature)
        encoder.append(time)
        encoder.append(charges)
        encoder.append(lastCharge)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/rollback/1")
        let head = try LogHead(canonicalBytes: try decoder.readBytes(limit: 512))
        lost = SignedHead(head: head, signature: try decoder.readSignature())
        time = try decoder.readUInt64()
        charges = try decoder.readUInt64()
        lastCharge = try decoder.readUInt64()
        try decoder.finish()
        guard time > lost.head.time else { throw .outOfRange(field: "time") }
        guard lastCharge >= charges, lastCharge <= UInt64(Int64.max) else { throw .outOfRange(field: "lastCharge") }
    }

    /// Whether an act at `index` can roll back to it: the lost head covers a leaf that is not there any more.
    public func isPlaced(at index: UInt64) -> Bool { lost.head.size > index }
}

/// A rollback as the log has it.
public struct LoggedRollback: Hashable, Sendable {
    /// The index of its act: the first leaf of the history that goes on.
    public let index: UInt64
    /// What it says.
    public let rollback: Rollback

    /// Places a rollback.
    public init(index: UInt64, rollback: Rollback) {
        self.index = index
        self.rollback = rollback
    }

    /// Whether a head is of the history that this rollback gave up.
    public func withdraws(_ head: LogHead) -> Bool {
        head.logID == rollback.lost.head.logID && head.size > index && head.time < rollback.time
    }

    /// Whether the lost history may have given this number to a charge.
    public func covers(charge number: UInt64) -> Bool { number > rollback.charges && number <= rollback.lastCharge }
}

extension Sequence<LoggedAct> {
    /// The rollbacks among some acts, in order.
    public var rollbacks: [LoggedRollback] {
        compactMap { logged in
            guard case .rollback(let rollback) = logged.act.order else { return nil }
            return LoggedRollback(index: logged.index, rollback: rollback)
        }
    }
}

extension Sequence<LoggedRollback> {
    /// The rollback that withdraws a head; `nil` where the head stands.
    public func withdrawing(_ head: LogHead) -> LoggedRollback? { first { $0.withdraws(head) } }

    /// When the log went on before the leaf at `index`, if it ever rolled back before it. What hides channels at that index
    /// depends on it, for the lost history may have had another leaf there.
    public func generation(at index: UInt64) -> UInt64? { Array(self).last { $0.index < index }?.rollback.time }
}
