import Channels
import Primitives
import Synchronization

/// A service in miniature: it charges envelopes, keeps the log's tree and signs heads.
final class TestLog: Sendable {
    private struct State {
        var frontier = MerkleFrontier()
        var levels: [[Bytes32]] = []
        var time: UInt64
        var charges: UInt64 = 0
    }

    /// 2026-01-05T00:00:00Z, a Monday; epochs of two days.
    static let start: UInt64 = 1_767_571_200
    static let epochSeconds: UInt64 = 2 * 86_400

    let key: SecretKey
    /// Signs rotations.
    let admin: SecretKey
    let genesis: Genesis
    private let state: Mutex<State>

    init(seed: UInt64 = 1, time: UInt64 = TestLog.start + 3_600, sharding: Sharding = .none) {
        key = SecretKey(seed: seed, label: "log")
        admin = SecretKey(seed: seed, label: "admin")
        genesis = Genesis(
            chainID: Bytes32(integer: UInt128(seed)),
            verifyingContract: .zero,
            logKey: key.address,
            settlementKey: .zero,
            adminKey: admin.address,
            currency: "USD",
            ledgerScale: 12,
            settlementScale: 6,
            start: Self.start,
            epochSeconds: Self.epochSeconds,
            ruleset: 1,
            sharding: sharding
        )
        state = Mutex(State(time: time))
    }

    var domain: EIP712Domain { genesis.domain }

    func setTime(_ time: UInt64) { state.withLock { $0.time = time } }

    /// A signed head of now.
    func head() -> SignedHead { state.withLock { head(of: $0) } }

    /// Charges envelopes; their receipts share one head.
    func charge(_ envelopes: [Envelope]) -> [Receipt] {
        state.withLock { state in
            var leaves: [(LogLeaf, Charge)] = []
            for envelope in envelopes {
                state.charges += 1
                let zero = Amount(0)
                let charge = Charge(
                    number: state.charges,
                    epoch: (state.time - Self.start) / Self.epochSeconds + 1,
                    commitment: .zero,
                    envelopeHash: envelope.hash,
                    bytes: envelope.head.payloadBytes,
                    expiryDay: envelope.head.expiryDay,
                    schedule: 1,
                    price: Price(base: zero, storage: zero, congestion: zero, postage: zero),
                    publishBy: genesis.epochs.publishBy(acceptedAt: state.time)
                )
                let leaf = LogLeaf(
                    index: state.frontier.size,
                    time: state.time,
                    kind: .charge,
                    body: charge.canonicalBytes
                )
                var levels = state.levels
                state.frontier.append(leaf.hash) { level, hash in
                    if levels.count == level { levels.append([]) }
                    levels[level].append(hash)
                }
                state.levels = levels
                leaves.append((leaf, charge))
            }
            let head = head(of: state)
            return leaves.map { leaf, charge in
                let path = MerkleLog.inclusionPath(index: leaf.index, size: head.head.size) { subtree in
                    state.levels[subtree.level][Int(subtree.place)]
                }
                return Receipt(leaf: leaf, charge: charge, head: head, path: path)
            }
        }
    }

    /// The log key's word that epochs are sealed.
    func seal(_ epoch: UInt64) -> SignedSealNotice {
        let notice = SealNotice(logID: genesis.logID, epoch: epoch, size: state.withLock { $0.frontier.size })
        return SignedSealNotice(notice: notice, signature: key.sign(domain.digest(of: notice.statement)))
    }

    private func head(of state: State) -> SignedHead {
        let head = LogHead(
            logID: genesis.logID,
            size: state.frontier.size,
            root: state.frontier.root,
            time: state.time,
            epoch: (state.time - Self.start) / Self.epochSeconds + 1
        )
        return SignedHead(head: head, signature: key.sign(domain.digest(of: head.statement)))
    }
}

extension Envelope {
    /// An envelope of a test's topic with a payload made from a number.
    static func sample(
        _ number: UInt64, topic: UInt64 = 1, bytes: Int = 64, expiry: UInt32 = 20_600, shardBits: UInt8 = 0
    ) -> Envelope {
        sample(number, in: Bytes32(integer: UInt128(topic)), bytes: bytes, expiry: expiry, shardBits: shardBits)
    }

    /// An envelope of any topic with a payload made from a number.
    static func sample(
        _ number: UInt64, in topic: Bytes32, bytes: Int = 64, expiry: UInt32 = 20_600, shardBits: UInt8 = 0
    ) -> Envelope {
        var generator = SplitMix64(seed: number)
        return Envelope(
            topic: topic,
            expiryDay: UTCDay(number: expiry),
            salt: Bytes32(integer: UInt128(number)),
            payload: (0..<bytes).map { _ in UInt8(truncatingIfNeeded: generator.next()) },
            shardBits: shardBits
        )
    }
}
