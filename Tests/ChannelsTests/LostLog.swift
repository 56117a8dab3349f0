import Channels
import Primitives

/// A log that rolled back, and receipts of the history that it lost, for tests of what may be restored. Its act is leaf 5;
/// the lost history may have numbered charges 21 to 40.
struct LostLog {
    static let index: UInt64 = 5
    /// The size of the lost head.
    static let size: UInt64 = 12
    /// The time of the lost head.
    static let lostTime = TestChannel.now + 500
    /// When heads stand again.
    static let time = TestChannel.now + 600
    /// When what was lost had been accepted.
    static let accepted = TestChannel.now + 100
    static let logKey = SecretKey(seed: 4, label: "log")
    static let adminKey = SecretKey(seed: 4, label: "admin")

    let genesis = Genesis(
        chainID: Bytes32(integer: 1), verifyingContract: .zero, logKey: logKey.address,
        settlementKey: SecretKey(seed: 4, label: "settlement").address, adminKey: adminKey.address, currency: "USD",
        ledgerScale: 12, settlementScale: 6, start: 0, epochSeconds: 600, ruleset: 1)

    var keys: KeyHistory { KeyHistory(genesis) }

    func head(
        size: UInt64 = size, time: UInt64 = lostTime, root: Bytes32 = .zero, by key: SecretKey = logKey,
        logID: Bytes32? = nil
    ) -> SignedHead {
        let head = LogHead(logID: logID ?? genesis.logID, size: size, root: root, time: time, epoch: 2)
        return SignedHead(head: head, signature: key.sign(genesis.domain.digest(of: head.statement)))
    }

    var rollback: LoggedRollback {
        LoggedRollback(
            index: Self.index, rollback: Rollback(lost: head(), time: Self.time, charges: 20, lastCharge: 40))
    }

    var rules: Restoration { Restoration(keys: keys, rollbacks: [rollback], openEpoch: 2, firstCharge: 1) }

    /// What the lost history charged for an item, at the price of ``TestChannel``.
    func charge(_ number: UInt64, _ item: Item, of channel: ChannelState, epoch: UInt64 = 2) throws -> Charge {
        Charge(
            number: number, epoch: epoch, commitment: Charge.commitment(to: channel.id, salt: Self.salt(number)),
            envelopeHash: item.envelopeHash, bytes: item.bytes, expiryDay: item.expiryDay, schedule: 1,
            price: try TestChannel.schedule().price(item, acceptedAt: Self.accepted, congestion: 0),
            publishBy: Self.accepted + 3_600)
    }

    static func salt(_ charge: UInt64) -> Bytes32 { SHA256.hash(Array("salt \(charge)".utf8)) }

    /// A charge's receipt under a head of its own, in a log whose other leaves say nothing.
    func receipt(
        _ charge: Charge, at index: UInt64 = 7, leafTime: UInt64 = accepted, size: UInt64 = size,
        time: UInt64 = lostTime, by key: SecretKey = logKey, logID: Bytes32? = nil
    ) -> Receipt {
        receipt(
            charge, leaf: LogLeaf(index: index, time: leafTime, kind: .charge, body: charge.canonicalBytes),
            size: size, time: time, by: key, logID: logID)
    }

    /// The receipt of a charge that was restored at an index.
    func receipt(_ restored: RestoredCharge, at index: UInt64, size: UInt64 = size, time: UInt64) -> Receipt {
        receipt(
            restored.charge,
            leaf: LogLeaf(index: index, time: time, kind: .restored, body: restored.canonicalBytes), size: size,
            time: time, by: Self.logKey, logID: nil)
    }

    private func receipt(
        _ charge: Charge, leaf: LogLeaf, size: UInt64, time: UInt64, by key: SecretKey, logID: Bytes32?
    ) -> Receipt {
        var hashes = ReferenceTree.leaves(Int(size))
        hashes[Int(leaf.index)] = leaf.hash
        let tree = ReferenceTree(hashes)
        return Receipt(
            leaf: leaf, charge: charge,
            head: head(size: size, time: time, root: tree.root(Int(size)), by: key, logID: logID),
            path: tree.path(Int(leaf.index), size: Int(size)))
    }

    /// Receipts of a voucher's items, charged with the numbers given, with their salts.
    func proofs(
        _ items: [Item], _ numbers: [UInt64], of channel: TestChannel
    ) throws -> [(receipt: Receipt, salt: Bytes32)] {
        try zip(items, numbers).map { item, number in
            (receipt(try charge(number, item, of: channel.state), at: number - 15), Self.salt(number))
        }
    }
}

extension Restoration {
    /// The refusal of a voucher that the channel's signer made; `nil` where it restores its items.
    func refusal(
        _ voucher: SignedVoucher, _ proofs: [(receipt: Receipt, salt: Bytes32)], of channel: TestChannel,
        signer: Address? = nil, charged: Set<Bytes32> = []
    ) -> RestorationRefusal? {
        do throws(RestorationRefusal) {
            _ = try restore(
                voucher, signer: signer ?? channel.key.address, proofs: proofs, channel: channel.state,
                charged: charged)
            return nil
        } catch {
            return error
        }
    }
}
