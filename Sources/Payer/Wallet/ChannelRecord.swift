public import Channels
public import Primitives

/// All that a wallet knows of one channel: what it signed, what it may spend, what waits for an answer.
///
/// It is a value: whoever changes it writes it to the disk before anything that follows from it leaves the machine.
public struct ChannelRecord: Hashable, Sendable {
    /// A lane on which this wallet signs.
    public struct Lane: Hashable, Sendable {
        /// What it signed.
        public internal(set) var signer: LaneSigner
        /// The day on which what is undecided was counted.
        public internal(set) var countedOn: UTCDay
    }

    /// A deposit that is asked for and not confirmed yet.
    public struct PendingDeposit: Codable, Hashable, Sendable {
        /// How much, in ledger units.
        public let amount: Amount
        /// Unique for this deposit: the same again counts once.
        public let reference: Bytes32

        /// Makes a deposit.
        public init(amount: Amount, reference: Bytes32) {
            self.amount = amount
            self.reference = reference
        }
    }

    /// A withdrawal that is ordered and not answered yet.
    public struct PendingWithdrawal: Codable, Hashable, Sendable {
        /// How much it takes, in ledger units.
        public let amount: Amount
        /// What shall have been withdrawn in all: the same again takes nothing more.
        public let cumulative: Amount

        /// Makes a withdrawal.
        public init(amount: Amount, cumulative: Amount) {
            self.amount = amount
            self.cumulative = cumulative
        }
    }

    /// The channel's id.
    public let channelID: Bytes32
    /// Whose money it holds.
    public let payer: Address
    /// Whose key signs this wallet's vouchers.
    public let signer: Address
    /// The opening's 32 bytes; `nil` where the channel was opened elsewhere.
    public let opening: Bytes32?
    /// The parameters of the log that this channel belongs to: they hold the domain of every signature.
    public let genesis: Genesis
    /// Where the service was reached last.
    public var service: String
    /// The sequence that new lanes start above: not 0 where a lost file may have signed before.
    public let firstSequence: UInt64
    /// What may be spent.
    public var limits: SpendingLimits
    /// Further signers that this wallet authorised, with revoked ones: what they signed is known to be meant.
    public var authorised: Set<Address> = []
    /// The newest head of the log that proved to continue the one before.
    public var head: SignedHead?
    /// How many leaves the log had before the newest vouchers were signed: what they are charged stands at this index or
    /// after it.
    public var logSize: UInt64 = 0
    /// The time of the newest rollback of the log that was looked after, Unix seconds: what it gave up was restored, or is
    /// known not to be.
    public internal(set) var rollback: UInt64 = 0
    /// The lanes by number.
    public internal(set) var lanes: [UInt32: Lane] = [:]
    /// What was spent, or may still be charged, on the newest day.
    public internal(set) var spent = DayTotal()
    /// What was topped up automatically on the newest day.
    public internal(set) var toppedUp = DayTotal()
    /// A deposit that is on its way.
    public internal(set) var deposit: PendingDeposit?
    /// A withdrawal that is on its way.
    public var withdrawal: PendingWithdrawal?

    /// A channel of which this wallet has signed nothing yet.
    public init(
        channelID: Bytes32, payer: Address, signer: Address, opening: Bytes32?, genesis: Genesis, service: String,
        limits: SpendingLimits = SpendingLimits(), firstSequence: UInt64 = 0
    ) {
        self.channelID = channelID
        self.payer = payer
        self.signer = signer
        self.opening = opening
        self.genesis = genesis
        self.service = service
        self.limits = limits
        self.firstSequence = firstSequence
    }

    /// What it signed on a lane, zeros on one that it never used.
    public func signer(on lane: UInt32) -> LaneSigner {
        lanes[lane]?.signer ?? LaneSigner(channelID: channelID, lane: lane, sequence: firstSequence)
    }

    /// Vouchers without an answer on every lane.
    public var pending: [SignedVoucher] { lanes.sorted { $0.key < $1.key }.flatMap(\.value.signer.pending) }

    /// Tells whether `next` may take this record's place on the disk: nothing that was signed is forgotten.
    public func isContinued(by next: ChannelRecord) -> Bool {
        guard next.channelID == channelID, next.signer == signer, next.spent.day >= spent.day,
            next.toppedUp.day >= toppedUp.day
        else { return false }
        return lanes.allSatisfy { number, lane in
            guard let later = next.lanes[number]?.signer else { return false }
            guard later.sequence >= lane.signer.sequence, later.ceiling >= lane.signer.ceiling else { return false }
            return next.rollback > rollback
                || later.charged >= lane.signer.charged
                    && later.accepted?.voucher.sequence ?? 0 >= lane.signer.accepted?.voucher.sequence ?? 0
        }
    }
}

/// Why a wallet signs nothing.
public enum SigningRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// A limit stands against it.
    case limit(LimitRefusal)
    /// Vouchers of the lane have no answer yet.
    case undecided(lane: UInt32, count: Int)
    /// What has to be signed is above 2^128 − 1.
    case overflow

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .limit(let refusal): refusal.description
        case .undecided(let lane, let count): "\(count) vouchers of lane \(lane) wait for their answers."
        case .overflow: "More than 2^128 - 1 units would have to be signed."
        }
    }
}

extension ChannelRecord {
    /// Signs a voucher for each item within the limits. The lane must have no other that waits for its answer.
    ///
    /// What may be charged counts as spent from now on, at `day`. What comes back is not to leave before this record is on
    /// the disk.
    public mutating func sign(
        _ items: [Item], lane: UInt32, validUntil: UInt64, day: UTCDay, key: SecretKey
    ) throws(SigningRefusal) -> [SignedVoucher] {
        var signer = signer(on: lane)
        guard signer.pending.isEmpty else { throw .undecided(lane: lane, count: signer.pending.count) }
        let after: DayTotal
        var vouchers: [SignedVoucher] = []
        do throws(LimitRefusal) {
            after = try limits.admit(items.map(\.maxFee), today: spent.on(day))
        } catch {
            throw .limit(error)
        }
        do {
            for item in items {
                vouchers.append(try signer.sign(item, validUntil: validUntil, key: key, domain: genesis.domain))
            }
        } catch {
            throw .overflow
        }
        spent = after
        lanes[lane] = Lane(signer: signer, countedOn: after.day)
        return vouchers
    }

    /// Notes what an envelope was charged. `isNew` is false where it had been paid before its voucher was signed: then
    /// nothing moved.
    public mutating func charged(
        _ envelope: Bytes32, on lane: UInt32, _ amount: Amount, isNew: Bool
    ) throws(AmountError) {
        guard isNew else { return refused(envelope, on: lane) }
        guard var known = lanes[lane], let item = known.item(envelope) else { return }
        try known.signer.charged(envelope, amount)
        let saved = try item.maxFee.subtracting(amount)
        spent = spent.returning(saved, countedOn: known.countedOn)
        lanes[lane] = known
    }

    /// Notes that the voucher for an envelope moved nothing: what was set aside for it may be spent again.
    ///
    /// The service keeps the refused voucher and may yet take it, but then in the place of the next one: the ceiling,
    /// which the next one raises no further than this one did, bounds both.
    public mutating func refused(_ envelope: Bytes32, on lane: UInt32) {
        guard var known = lanes[lane], let item = known.item(envelope) else { return }
        known.signer.refused(envelope)
        spent = spent.returning(item.maxFee, countedOn: known.countedOn)
        lanes[lane] = known
    }

    /// Sets a deposit on its way; an automatic one counts against the day's limit.
    public mutating func request(_ deposit: PendingDeposit, isAutomatic: Bool, day: UTCDay) throws(LimitRefusal) {
        precondition(self.deposit == nil, "one deposit is on its way at a time")
        if isAutomatic {
            let today = toppedUp.on(day)
            do {
                toppedUp = DayTotal(day: today.day, amount: try today.amount.adding(deposit.amount))
            } catch {
                throw .overflow
            }
        }
        self.deposit = deposit
    }

    /// Notes that the deposit was confirmed, or given up.
    public mutating func finishDeposit() {
        deposit = nil
    }

    /// Compares what the service says with what is known, lane by lane, and goes on from it where it is more. Returns the
    /// lanes of which it was. Nothing may be undecided.
    ///
    /// What is wrong with a lane on which the service never took a voucher of this wallet is returned as a doubt: other
    /// signers use it, of which only the payer's wallet knows. Nothing is adopted there, and nothing may be signed.
    public mutating func adopt(
        _ claims: [LaneClaim]
    ) throws(LaneClaimRefusal) -> (adopted: [UInt32], doubts: [LaneClaimRefusal]) {
        var adopted: [UInt32] = []
        var doubts: [LaneClaimRefusal] = []
        let byLane = Dictionary(claims.map { ($0.lane, $0) }) { first, _ in first }
        for number in Set(lanes.keys).union(byLane.keys).sorted() {
            let claim =
                byLane[number]
                ?? LaneClaim(lane: number, sequence: 0, ceiling: .zero, charged: .zero, newest: nil)
            let isOurs = lanes[number]?.signer.accepted != nil
            do throws(LaneClaimRefusal) {
                if try lanes[number] == nil ? adoptUnknown(claim) : adoptKnown(claim) { adopted.append(number) }
            } catch {
                if isOurs { throw error }
                doubts.append(error)
            }
        }
        return (adopted, doubts)
    }

    /// Takes up what the service holds after a rollback, lane by lane: what it could not restore was not charged. Each claim
    /// has to be one that a lane that knows nothing would adopt.
    mutating func rollBack(to claims: [LaneClaim], by rollback: LoggedRollback) throws(LaneClaimRefusal) {
        let signers = authorised.union([signer])
        let byLane = Dictionary(claims.map { ($0.lane, $0) }) { first, _ in first }
        for (number, lane) in lanes {
            guard let claim = byLane[number] else {
                lanes[number]?.signer.rollBack(to: nil, charged: .zero)
                continue
            }
            var fresh = LaneSigner(channelID: channelID, lane: number)
            _ = try fresh.adopt(claim, signers: signers, domain: genesis.domain)
            guard claim.charged <= lane.signer.charged else {
                throw .chargedMore(lane: number, charged: claim.charged, receipts: lane.signer.charged)
            }
            lanes[number]?.signer.rollBack(to: claim.newest, charged: claim.charged)
        }
        self.rollback = rollback.rollback.time
    }

    private mutating func adoptKnown(_ claim: LaneClaim) throws(LaneClaimRefusal) -> Bool {
        var signer = signer(on: claim.lane)
        let signers = authorised.union([self.signer])
        guard try signer.adopt(claim, signers: signers, domain: genesis.domain) else { return false }
        lanes[claim.lane]?.signer = signer
        return true
    }

    /// Takes up a lane that this wallet's signer used before the wallet's file was lost.
    private mutating func adoptUnknown(_ claim: LaneClaim) throws(LaneClaimRefusal) -> Bool {
        var signer = LaneSigner(channelID: channelID, lane: claim.lane)
        let domain = genesis.domain
        let isKnown = try signer.adopt(claim, signers: authorised.union([self.signer]), domain: domain)
        guard isKnown, let newest = claim.newest,
            newest.signature.isBy(self.signer, over: domain.digest(of: newest.voucher))
        else { return false }
        lanes[claim.lane] = Lane(signer: signer, countedOn: spent.day)
        return true
    }
}

extension ChannelRecord.Lane {
    fileprivate func item(_ envelope: Bytes32) -> Item? {
        signer.pending.lazy.flatMap(\.items).first { $0.envelopeHash == envelope }
    }
}
