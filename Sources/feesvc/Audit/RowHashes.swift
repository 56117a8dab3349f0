import Primitives

/// Hashes of many charges in order, one for each 256: two lists are compared without either being in memory, and where
/// they differ is known but for so many.
struct RowHashes {
    private static let rowsEach: UInt64 = 256

    /// Charges one after another, and SHA-256 over their rows.
    struct Run: Equatable {
        let first: UInt64
        let last: UInt64
        let hash: Bytes32
    }

    private var runs: [Run] = []
    private var open = SHA256.Stream()
    private var first: UInt64 = 0
    private var last: UInt64 = 0
    private var count: UInt64 = 0
    private var row: [UInt8] = []

    mutating func append(_ charge: OpenCharge) {
        if count == 0 { first = charge.charge }
        last = charge.charge
        row.removeAll(keepingCapacity: true)
        charge.appendCSV(to: &row)
        open.append(row)
        count += 1
        guard count == Self.rowsEach else { return }
        runs.append(Run(first: first, last: last, hash: open.finish()))
        open = SHA256.Stream()
        count = 0
    }

    /// All runs, with the one that is not full.
    private var all: [Run] { count > 0 ? runs + [Run(first: first, last: last, hash: open.finish())] : runs }

    /// The first run that another list does not have alike; `nil` where both are the same.
    func firstDifference(_ other: RowHashes) -> Run? {
        let (mine, theirs) = (all, other.all)
        for place in 0..<max(mine.count, theirs.count) {
            let run = place < mine.count ? mine[place] : nil
            let found = place < theirs.count ? theirs[place] : nil
            if run != found { return run ?? found }
        }
        return nil
    }
}
