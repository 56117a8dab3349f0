import Channels
import Payer
import Primitives

/// A log that kept one leaf and lost two charges, under a key that the harness has, and what is left of it.
enum LostLog {
    static let key = SecretKey(seed: 1, label: "fuzz")
    /// When the charges were accepted.
    static let accepted: UInt64 = 1_767_229_200

    static var genesis: Genesis {
        get throws {
            let vectors = try Genesis(canonicalBytes: try Seeds.form("body 1 genesis"))
            return Genesis(
                chainID: vectors.chainID, verifyingContract: vectors.verifyingContract, logKey: key.address,
                settlementKey: vectors.settlementKey, adminKey: key.address, currency: vectors.currency,
                ledgerScale: vectors.ledgerScale, settlementScale: vectors.settlementScale, start: vectors.start,
                epochSeconds: vectors.epochSeconds, ruleset: vectors.ruleset)
        }
    }

    /// Signs a head.
    static func signed(_ head: LogHead, in domain: EIP712Domain) -> SignedHead {
        SignedHead(head: head, signature: key.sign(domain.digest(of: head.statement)))
    }

    /// Signs an act for a log that has the harness's keys; where it rolls back, it gives up a head of that log.
    static func signed(_ act: AdminAct, for genesis: Genesis) -> (act: AdminAct, signature: Signature) {
        var act = act
        if case .rollback(let rollback) = act.order {
            let head = rollback.lost.head
            let lost = signed(
                LogHead(logID: genesis.logID, size: head.size, root: head.root, time: head.time, epoch: head.epoch),
                in: genesis.domain)
            act = AdminAct(
                .rollback(
                    Rollback(
                        lost: lost, time: rollback.time, charges: rollback.charges, lastCharge: rollback.lastCharge)),
                nonce: act.nonce)
        }
        return (act, key.sign(genesis.domain.digest(of: act.statement)))
    }

    static var rollback: Rollback {
        get throws {
            let head = try LogHead(logID: genesis.logID, size: 3, root: root, time: accepted + 60, epoch: 1)
            return Rollback(lost: signed(head, in: try genesis.domain), charges: 0, time: accepted + 120)
        }
    }

    static var act: AdminAct { get throws { AdminAct(.rollback(try rollback), nonce: 1) } }

    // MARK: What was lost

    private static var items: [Item] {
        (0..<2).map {
            Item(
                envelopeHash: Bytes32(integer: $0), bytes: 1_024, expiryDay: UTCDay(number: 20_514), postage: .zero,
                maxFee: 39_851_680)
        }
    }

    static var charges: [Charge] {
        items.enumerated().map { place, item in
            Charge(
                number: UInt64(place) + 1, epoch: 1, commitment: Charge.commitment(to: .zero, salt: .zero),
                envelopeHash: item.envelopeHash, bytes: item.bytes, expiryDay: item.expiryDay, schedule: 1,
                price: Price(base: 38_500_000, storage: 1_351_680, congestion: .zero, postage: .zero),
                publishBy: accepted + 3_600)
        }
    }

    static var restored: [RestoredCharge] {
        charges.enumerated().map { RestoredCharge(index: UInt64($0) + 1, time: accepted, charge: $1) }
    }

    private static var leaves: [LogLeaf] {
        get throws {
            [LogLeaf(index: 0, time: try genesis.start, kind: .genesis, body: try genesis.canonicalBytes)]
                + charges.enumerated().map {
                    LogLeaf(index: UInt64($0) + 1, time: accepted, kind: .charge, body: $1.canonicalBytes)
                }
        }
    }

    private static var root: Bytes32 {
        get throws {
            let hashes = try leaves.map(\.hash)
            return MerkleLog.nodeHash(MerkleLog.nodeHash(hashes[0], hashes[1]), hashes[2])
        }
    }

    static var receipts: [Receipt] {
        get throws {
            let leaves = try leaves
            let hashes = leaves.map(\.hash)
            let paths = [[hashes[0], hashes[2]], [MerkleLog.nodeHash(hashes[0], hashes[1])]]
            let head = try rollback.lost
            return zip(zip(leaves.dropFirst(), charges), paths).map {
                Receipt(leaf: $0.0, charge: $0.1, head: head, path: $1)
            }
        }
    }

    /// The receipt of a charge that was restored once, in a log of two leaves.
    static var restoredReceipt: Receipt {
        get throws {
            let leaf = LogLeaf(index: 1, time: accepted + 200, kind: .restored, body: restored[0].canonicalBytes)
            let head = LogHead(
                logID: try genesis.logID, size: 2, root: MerkleLog.nodeHash(.zero, leaf.hash), time: accepted + 200,
                epoch: 1)
            return Receipt(
                leaf: leaf, charge: charges[0], head: signed(head, in: try genesis.domain), path: [.zero])
        }
    }

    static var voucher: SignedVoucher {
        get throws {
            let voucher = Voucher(
                channelID: .zero, lane: 0, sequence: 1, cumulativeAmount: 79_703_360, validUntil: 1_767_830_400,
                itemsHash: Item.hash(of: items))
            return SignedVoucher(
                voucher: voucher, items: items, signature: key.sign(try genesis.domain.digest(of: voucher)))
        }
    }

    static var restorations: RestorationsBody {
        get throws {
            let proofs = try receipts.map { ChargeProof(receipt: $0, salt: .zero) }
            return RestorationsBody(vouchers: [.init(try voucher, proofs: proofs)])
        }
    }

    /// What a service answers that goes on by ``act``, its log's second leaf.
    static var keys: KeysBody {
        get throws {
            let (act, signature) = signed(try act, for: try genesis)
            let body = LogBody.signed(.act, act.canonicalBytes, signature).body
            let leaf = LogLeaf(index: 1, time: accepted, kind: .act, body: body)
            let first = try leaves[0].hash
            let head = LogHead(
                logID: try genesis.logID, size: 2, root: MerkleLog.nodeHash(first, leaf.hash), time: accepted + 120,
                epoch: 1)
            return KeysBody(
                head: HeadBody(signed(head, in: try genesis.domain)), rotations: [],
                rollbacks: [.init(leaf: HexBytes(leaf.canonicalBytes), path: [first])])
        }
    }
}
