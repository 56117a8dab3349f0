import Channels
public import Primitives

/// What a service says of one lane, with the newest voucher that it holds.
public struct LaneClaim: Hashable, Sendable {
    /// The lane.
    public let lane: UInt32
    /// The newest sequence.
    public let sequence: UInt64
    /// The newest ceiling.
    public let ceiling: Amount
    /// What was charged.
    public let charged: Amount
    /// The voucher that proves sequence and ceiling.
    public let newest: VoucherProof?

    /// Makes a claim.
    public init(lane: UInt32, sequence: UInt64, ceiling: Amount, charged: Amount, newest: VoucherProof?) {
        self.lane = lane
        self.sequence = sequence
        self.ceiling = ceiling
        self.charged = charged
        self.newest = newest
    }
}

/// Why a service's word on a lane is not believed.
public enum LaneClaimRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// It names a sequence and shows no voucher for it.
    case unproven(lane: UInt32)
    /// The voucher that it shows is not signed by this channel's signer.
    case forged(lane: UInt32)
    /// The voucher that it shows has other numbers than it says.
    case contradictory(lane: UInt32)
    /// It charged above the ceiling that it shows.
    case aboveCeiling(lane: UInt32, charged: Amount, ceiling: Amount)
    /// It says less than it took and gave a receipt for.
    case behind(lane: UInt32, sequence: UInt64, acceptedSequence: UInt64, charged: Amount, acceptedCharged: Amount)
    /// It says that the same vouchers cost more than its receipts.
    case chargedMore(lane: UInt32, charged: Amount, receipts: Amount)

    /// The lane.
    public var lane: UInt32 {
        switch self {
        case .unproven(let lane), .forged(let lane), .contradictory(let lane), .aboveCeiling(let lane, _, _),
            .behind(let lane, _, _, _, _), .chargedMore(let lane, _, _):
            lane
        }
    }

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .unproven(let lane): "The service shows no voucher for what it says was paid on lane \(lane)."
        case .forged(let lane):
            "The newest voucher that the service shows for lane \(lane) is not signed by this channel's signer."
        case .contradictory(let lane):
            "The newest voucher that the service shows for lane \(lane) has other numbers than it says."
        case .aboveCeiling(let lane, let charged, let ceiling):
            "The service says that it charged \(charged) units on lane \(lane), above the signed ceiling \(ceiling)."
        case .behind(let lane, let sequence, let accepted, let charged, let receipts):
            "The service answers for lane \(lane) with less than this wallet can prove: sequence \(sequence) and "
                + "\(charged) units, where it took sequence \(accepted) and gave receipts for \(receipts) units. "
                + "It may run on an old backup; sign nothing for it until its operator has explained this."
        case .chargedMore(let lane, let charged, let receipts):
            "The service says that it charged \(charged) units on lane \(lane), but its receipts are for \(receipts)."
        }
    }
}

extension LaneSigner {
    /// What the service should say of this lane.
    var claim: LaneClaim {
        LaneClaim(
            lane: lane, sequence: accepted?.voucher.sequence ?? 0,
            ceiling: accepted?.voucher.cumulativeAmount ?? .zero, charged: charged, newest: accepted)
    }

    /// Sequences that are left out where a state was lost: more than a lost file can have signed in vain since.
    public static let skippedAfterLoss: UInt64 = 1 << 20

    /// Compares what the service says with what this wallet knows, and goes on from it where it is more. Returns whether it
    /// was. Nothing may be undecided.
    ///
    /// A service can't invent a voucher of ours: what it shows must carry the signature of one of `signers` and be the
    /// voucher whose numbers it states. Nor may it answer with less than what it took from us.
    public mutating func adopt(
        _ claim: LaneClaim, signers: Set<Address>, domain: EIP712Domain
    ) throws(LaneClaimRefusal) -> Bool {
        if let newest = claim.newest {
            guard newest.voucher.channelID == channelID, newest.voucher.lane == lane, claim.lane == lane,
                newest.voucher.sequence == claim.sequence, newest.voucher.cumulativeAmount == claim.ceiling
            else { throw .contradictory(lane: lane) }
            guard let signer = try? newest.signature.recover(domain.digest(of: newest.voucher)),
                signers.contains(signer)
            else { throw .forged(lane: lane) }
        } else if claim.sequence > 0 || claim.ceiling > .zero || claim.charged > .zero {
            throw .unproven(lane: lane)
        }
        guard claim.charged <= claim.ceiling else {
            throw .aboveCeiling(lane: lane, charged: claim.charged, ceiling: claim.ceiling)
        }
        let known = accepted?.voucher
        guard claim.sequence >= known?.sequence ?? 0, claim.ceiling >= known?.cumulativeAmount ?? .zero,
            claim.charged >= charged
        else {
            throw .behind(
                lane: lane, sequence: claim.sequence, acceptedSequence: known?.sequence ?? 0, charged: claim.charged,
                acceptedCharged: charged)
        }
        if claim.sequence == known?.sequence ?? 0 {
            guard claim.newest?.voucher == known else { throw .contradictory(lane: lane) }
            guard claim.charged == charged else {
                throw .chargedMore(lane: lane, charged: claim.charged, receipts: charged)
            }
            return false
        }
        guard let newest = claim.newest, claim.sequence <= UInt64(Int64.max) - 2 * Self.skippedAfterLoss else {
            throw .contradictory(lane: lane)
        }
        adopt(newest, charged: claim.charged, skipping: claim.sequence > sequence ? Self.skippedAfterLoss : 0)
        return true
    }
}
