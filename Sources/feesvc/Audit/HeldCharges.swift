import Channels
import Primitives

/// What is held of an epoch's charges, and of those before it.
///
/// Where it is known beforehand which charges are decided on one by one, only these are kept; of the others there are
/// sums, and a hash of what will be held of them at the edge.
struct HeldCharges {
    /// A charge of which something is held.
    struct Held: Equatable {
        let epoch: UInt64
        var base: Amount?
        var congestion: Amount?
        let expiryDay: UTCDay
        /// What a day to come costs.
        var storagePerDay: Amount
        var postage: Amount?
        let postageDue: UInt64?
        /// Whose holders decide whether it was delivered.
        let shard: Shard
    }

    /// Base and congestion of charges of one epoch.
    struct Sum: Equatable {
        var count: UInt64 = 0
        var base = Amount.zero
        var congestion = Amount.zero

        mutating func add(_ held: Held) throws(AmountError) {
            guard let more = held.base else { return }
            count += 1
            base = try base.adding(more)
            congestion = try congestion.adding(held.congestion ?? .zero)
        }
    }

    /// Which charges are kept; `nil` is all.
    let named: NamedCharges?
    /// The charges that are kept, by number.
    private(set) var kept: [UInt64: Held] = [:]
    /// What all others will hold at the edge, in the order in which they came.
    private(set) var atEdge = RowHashes()
    /// Of all others, by epoch; what a cut took is gone from it.
    private var sums: [UInt64: Sum] = [:]
    private var postage = Amount.zero

    init(named: NamedCharges?) {
        self.named = named
    }

    /// Tells whether a charge is kept by itself.
    func keeps(_ number: UInt64) -> Bool { named.map { $0.contains(number) } ?? true }

    /// A charge that is kept; `nil` removes it.
    subscript(number: UInt64) -> Held? {
        get { kept[number] }
        set { kept[number] = newValue }
    }

    /// Takes a charge in.
    mutating func add(_ number: UInt64, _ held: Held) throws(AmountError) {
        guard let named, !named.contains(number) else {
            kept[number] = held
            return
        }
        try sums[held.epoch, default: Sum()].add(held)
        postage = try postage.adding(held.postage ?? .zero)
        var later = held
        if named.cuts.contains(held.epoch) {
            later.base = nil
            later.congestion = nil
        }
        if later.base != nil || later.postage != nil { atEdge.append(OpenCharge(number, later)) }
    }

    /// Changes a charge that is kept; one of which nothing is held any more is gone.
    mutating func release(_ number: UInt64, _ change: (inout Held) -> Void) {
        guard var held = kept[number] else { return }
        change(&held)
        kept[number] = held.base == nil && held.postage == nil ? nil : held
    }

    /// Takes something out of what is held of a charge that is kept; a charge of which nothing is kept is left alone.
    mutating func lower(
        _ number: UInt64, _ change: (inout Held) throws(AmountError) -> Void
    ) throws(AmountError) {
        guard var held = kept[number] else { return }
        try change(&held)
        kept[number] = held
    }

    /// What is held of base and congestion of an epoch's charges.
    func base(of epoch: UInt64) throws(AmountError) -> Sum {
        var sum = sums[epoch] ?? Sum()
        for held in kept.values where held.epoch == epoch { try sum.add(held) }
        return sum
    }

    /// Ends the holds of base and congestion of an epoch.
    mutating func cut(_ epoch: UInt64) {
        sums[epoch] = nil
        for (number, held) in kept where held.epoch == epoch && held.base != nil {
            release(number) {
                $0.base = nil
                $0.congestion = nil
            }
        }
    }

    /// All that is held but storage.
    func total() throws(AmountError) -> (base: Amount, congestion: Amount, postage: Amount) {
        var sum = Sum()
        var postage = postage
        for one in sums.values {
            sum.base = try sum.base.adding(one.base)
            sum.congestion = try sum.congestion.adding(one.congestion)
        }
        for held in kept.values {
            try sum.add(held)
            postage = try postage.adding(held.postage ?? .zero)
        }
        return (sum.base, sum.congestion, postage)
    }
}

extension OpenCharge {
    init(_ number: UInt64, _ held: HeldCharges.Held) {
        self.init(
            charge: number, epoch: held.epoch, base: held.base, congestion: held.congestion,
            expiryDay: held.expiryDay.number, storagePerDay: held.storagePerDay, postage: held.postage,
            postageDue: held.postageDue, shard: held.shard.number)
    }

    var held: HeldCharges.Held {
        HeldCharges.Held(
            epoch: epoch, base: base, congestion: congestion, expiryDay: UTCDay(number: expiryDay),
            storagePerDay: storagePerDay, postage: postage, postageDue: postageDue, shard: Shard(number: shard))
    }
}
