public import Primitives

/// What a key may sign for a channel.
public struct SignerAuthority: Hashable, Sendable {
    /// What the signer named at a channel's opening may sign: everything, for ever, until the payer revokes it.
    public static let unlimited = SignerAuthority(lane: nil, ceiling: .max, expires: .max)

    /// The one lane that it may pay from; `nil` is every lane.
    public let lane: UInt32?
    /// The highest ceiling that it may sign for a lane.
    public let ceiling: Amount
    /// Until when it may sign, Unix seconds.
    public let expires: UInt64

    /// Makes an authority.
    public init(lane: UInt32?, ceiling: Amount, expires: UInt64) {
        self.lane = lane
        self.ceiling = ceiling
        self.expires = expires
    }

    /// Checks a voucher against it. The authority has to outlast the time in which the settlement may ask for it, so that
    /// nobody signs with a key that is about to end.
    public func check(_ voucher: Voucher, earliest: UInt64) throws(VoucherRefusal) {
        if let lane, voucher.lane != lane { throw .authorityLane(found: voucher.lane, allowed: lane) }
        guard expires >= earliest else { throw .authorityExpires(found: expires, earliest: earliest) }
        guard voucher.cumulativeAmount <= ceiling else {
            throw .authorityCeiling(found: voucher.cumulativeAmount, allowed: ceiling)
        }
    }
}

extension ChannelState {
    /// The most signers that a payer may delegate to at a time.
    public static let delegatesMax = 16
    /// The most delegations and revocations of a channel: each is a leaf of the log that costs the payer nothing.
    public static let signerActsMax: UInt64 = 4_096

    /// What `signer` may sign; `nil` where it is a stranger or was revoked.
    public func authority(of signer: Address) -> SignerAuthority? {
        if let delegated = delegates[signer] { return delegated }
        return signer == self.signer && !isSignerRevoked ? .unlimited : nil
    }

    /// Everybody who may sign, by address.
    public var signers: [(signer: Address, authority: SignerAuthority)] {
        var all = delegates
        if !isSignerRevoked, all[signer] == nil { all[signer] = .unlimited }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Gives a key authority, or changes what it has. The same delegation again changes nothing.
    ///
    /// - Parameter earliest: what an authority has to reach to be of any use, Unix seconds.
    /// - Returns: whether anything changed.
    public mutating func delegate(_ delegation: Delegation, earliest: UInt64) throws(ChannelRefusal) -> Bool {
        precondition(delegation.channelID == id, "a delegation is applied to the channel that it names")
        let authority = delegation.authority
        if delegation.nonce == nonce, delegates[delegation.signer] == authority { return false }
        try checkTakesActs()
        try check(nonce: delegation.nonce)
        guard delegation.signer != .zero else { throw .zeroAddress }
        guard delegation.lane == Delegation.everyLane || delegation.lane < Self.laneCount else {
            throw .lane(found: delegation.lane)
        }
        guard delegation.expires >= earliest else { throw .expires(found: delegation.expires, earliest: earliest) }
        guard delegates[delegation.signer] != nil || delegates.count < Self.delegatesMax else {
            throw .delegates(limit: Self.delegatesMax)
        }
        delegates[delegation.signer] = authority
        nonce = delegation.nonce
        return true
    }

    /// Takes a key's authority away. What it signed and was charged before stands; nothing that it signs counts from now
    /// on, whenever it was signed. The same revocation again changes nothing.
    ///
    /// - Returns: whether anything changed.
    public mutating func revoke(_ revocation: Revocation) throws(ChannelRefusal) -> Bool {
        precondition(revocation.channelID == id, "a revocation is applied to the channel that it names")
        let known = authority(of: revocation.signer) != nil
        if revocation.nonce == nonce, nonce > 0, !known { return false }
        guard stage != .closed else { throw .closed }
        try check(nonce: revocation.nonce)
        guard known else { throw .notASigner(revocation.signer) }
        delegates[revocation.signer] = nil
        if revocation.signer == signer { isSignerRevoked = true }
        nonce = revocation.nonce
        return true
    }

    private func check(nonce found: UInt64) throws(ChannelRefusal) {
        guard nonce < Self.signerActsMax else { throw .signerActs(limit: Self.signerActsMax) }
        guard found == nonce + 1 else { throw .nonce(found: found, expected: nonce + 1) }
    }
}
