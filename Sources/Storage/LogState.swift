public import Channels
public import Ledger
public import Primitives

/// Where log and journal end: what a writer has to know to go on.
public struct LogState: Sendable {
    /// The log's parameters.
    public let genesis: Genesis
    /// Hides channels in commitments; see ``salt(of:)``.
    let saltSecret: Bytes32
    /// The writer's fencing token: who takes the database over later has a higher one.
    public let fence: UInt64
    /// The log's tree.
    public internal(set) var tree: LogTree
    /// The newest log time.
    public internal(set) var time: UInt64
    /// The epoch that takes entries.
    public internal(set) var openEpoch: UInt64
    /// How many charges there are.
    public internal(set) var chargeCount: UInt64
    /// Where the journal ends.
    public internal(set) var anchor: EntryAnchor
    /// The day whose midnight was captured last.
    public internal(set) var lastMidnight: UTCDay
    /// The nonce of the newest administrative act.
    public internal(set) var actNonce: UInt64
    /// Every schedule of the log by version, also those that are not in force yet.
    public internal(set) var schedules: [FeeSchedule]
    /// Which key has which role.
    public internal(set) var keys: KeyHistory
    /// Whether charging is paused by an act.
    public internal(set) var isPaused: Bool
    /// The log's charges as congestion counts them.
    public internal(set) var chargeRate: ChargeRate
    /// The newest head.
    public internal(set) var head: SignedHead

    /// The schedule in force at the log's time.
    public var schedule: FeeSchedule {
        get throws { try schedule(at: time) }
    }

    /// The schedule in force at a time, as far as schedules are known now.
    public func schedule(at time: UInt64) throws -> FeeSchedule {
        guard let schedule = schedules.last(where: { $0.effectiveFrom <= time }) else {
            throw StorageCorruption("no fee schedule is in force at \(time)")
        }
        return schedule
    }

    /// What the log gave up where it was restored from an older copy.
    public var rollbacks: [LoggedRollback] { keys.rollbacks }

    /// The key that signs what is appended next.
    public func key(of role: KeyRole) -> Address { keys.key(of: role, at: tree.size) }

    /// The salt of what is logged at `index`; whoever lacks the service's secret can't guess it.
    public func salt(of index: UInt64) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/salt/1")
        encoder.append(saltSecret)
        encoder.append(index)
        // The lost history may have shown what stood at this index to somebody, with its salt.
        if let generation = rollbacks.generation(at: index) { encoder.append(generation) }
        return SHA256.hash(encoder.bytes)
    }
}
