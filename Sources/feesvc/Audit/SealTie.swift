import Channels
import Primitives

/// Whether the leaves that sealed an epoch stand in the log of the next.
struct SealTie {
    private let epoch: UInt64
    /// The hashes of those that were not met yet, by index.
    private var missing: [UInt64: Bytes32]

    /// Expects the leaves that sealed an epoch, by index.
    init(epoch: UInt64, seal: [UInt64: Bytes32]) {
        self.epoch = epoch
        missing = seal
    }

    /// Takes in the next leaves of the log.
    mutating func take(_ leaves: [ReadLeaf]) throws(AuditDifference) {
        guard !missing.isEmpty else { return }
        for read in leaves {
            guard let expected = missing.removeValue(forKey: read.leaf.index) else { continue }
            guard expected == read.hash else { throw differs(read.leaf.index) }
        }
    }

    /// Throws unless all were met.
    func finish() throws(AuditDifference) {
        if let index = missing.keys.min() { throw differs(index) }
    }

    private func differs(_ index: UInt64) -> AuditDifference {
        AuditDifference(
            "log.csv", "leaf \(index)", expected: "as in seal.csv of epoch \(epoch)", found: "another")
    }
}
