import Channels

/// The charges that leaves of an epoch decide on one by one, and the epochs whose base they capture.
///
/// A replay that knows them beforehand keeps these charges and of all others sums, so that its memory does not grow with
/// the charges. A leaf kind that names a charge by number belongs into ``kinds`` and ``note(_:)``.
struct NamedCharges {
    /// The kinds of leaves that are looked at.
    static let kinds: Set<LeafKind> = [.void, .postage, .cut, .refund]

    /// Their numbers, ascending.
    private(set) var numbers: [UInt64] = []
    /// Those of them that refund leaves name.
    private(set) var refunded: Set<UInt64> = []
    /// The epochs whose base and congestion holds end in this one.
    private(set) var cuts: Set<UInt64> = []

    /// Gathers them from some leaves.
    init(_ leaves: some Sequence<LogLeaf>) {
        for leaf in leaves { note(leaf) }
        finish()
    }

    /// Gathers them from a log.
    init(_ source: AuditSource) throws {
        try LogWalk.forEachLeaf(source, of: Self.kinds) { note($0) }
        finish()
    }

    /// What can't be read names nothing here; the replay says what is wrong with it.
    private mutating func note(_ leaf: LogLeaf) {
        switch leaf.kind {
        case .void: if let void = try? VoidedCharge(canonicalBytes: leaf.body) { numbers.append(void.charge) }
        case .postage:
            if let decision = try? PostageDecision(canonicalBytes: leaf.body) { numbers.append(decision.charge) }
        case .refund:
            if let refund = try? RefundedCharge(canonicalBytes: leaf.body) {
                numbers.append(refund.charge)
                refunded.insert(refund.charge)
            }
        case .cut: if let cut = try? Cut(canonicalBytes: leaf.body) { cuts.insert(cut.epoch) }
        default: break
        }
    }

    private mutating func finish() {
        numbers.sort()
        var distinct: [UInt64] = []
        for number in numbers where number != distinct.last { distinct.append(number) }
        numbers = distinct
    }

    func contains(_ number: UInt64) -> Bool {
        var low = 0
        var high = numbers.count
        while low < high {
            let middle = (low + high) / 2
            if numbers[middle] < number { low = middle + 1 } else { high = middle }
        }
        return low < numbers.count && numbers[low] == number
    }
}
