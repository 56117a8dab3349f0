import Channels
import Foundation
import Primitives

/// A fee log in memory that charges envelopes for nothing and signs heads: what nodes need of a fee service.
struct BenchLog {
    /// 2026-01-05T00:00:00Z.
    static let start: UInt64 = 1_767_571_200
    private static let epochSeconds: UInt64 = 7 * 86_400

    let genesis: Genesis
    private let key: SecretKey
    private var frontier = MerkleFrontier()
    private var levels: [[Bytes32]] = []
    private var charges: UInt64 = 0
    private var time = BenchLog.start + 3_600

    init(seed: UInt64) {
        key = SecretKey(seed: seed, label: "log")
        genesis = Genesis(
            chainID: Bytes32(integer: UInt128(seed)), verifyingContract: .zero, logKey: key.address,
            settlementKey: .zero, adminKey: key.address, currency: "USD", ledgerScale: 12, settlementScale: 6,
            start: Self.start, epochSeconds: Self.epochSeconds, ruleset: 2)
    }

    /// Charges envelopes; their receipts share one head.
    mutating func charge(_ envelopes: [Envelope]) -> [Receipt] {
        var leaves: [(LogLeaf, Charge)] = []
        for envelope in envelopes {
            charges += 1
            let zero = Amount(0)
            let charge = Charge(
                number: charges, epoch: 1, commitment: .zero, envelopeHash: envelope.hash,
                bytes: envelope.head.payloadBytes, expiryDay: envelope.head.expiryDay, schedule: 1,
                price: Price(base: zero, storage: zero, congestion: zero, postage: zero),
                publishBy: genesis.epochs.publishBy(acceptedAt: time))
            let leaf = LogLeaf(index: frontier.size, time: time, kind: .charge, body: charge.canonicalBytes)
            var levels = levels
            self.levels = []
            frontier.append(leaf.hash) { level, hash in
                if levels.count == level { levels.append([]) }
                levels[level].append(hash)
            }
            self.levels = levels
            leaves.append((leaf, charge))
        }
        let head = LogHead(logID: genesis.logID, size: frontier.size, root: frontier.root, time: time, epoch: 1)
        let signed = SignedHead(head: head, signature: key.sign(genesis.domain.digest(of: head.statement)))
        return leaves.map { leaf, charge in
            let path = MerkleLog.inclusionPath(index: leaf.index, size: head.size) { subtree in
                levels[subtree.level][Int(subtree.place)]
            }
            return Receipt(leaf: leaf, charge: charge, head: signed, path: path)
        }
    }
}
