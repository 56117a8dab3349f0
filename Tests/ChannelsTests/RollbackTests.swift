import Channels
import Primitives
import Testing

@Suite struct RollbackTests {
    private let file: Vector
    private let vector: Vector
    private let genesis: Genesis
    private let log = LostLog()

    init() throws {
        file = try Vector.file(.protocol)
        vector = try file["rollback"]
        let form = try file["forms"].list.first { $0.title == "body 1 genesis" }
        genesis = try Genesis(canonicalBytes: try #require(form)["bytes"].bytes)
    }

    private func logged() throws -> LoggedRollback {
        let leaf = try LogLeaf(canonicalBytes: vector["act"].bytes)
        return try #require([try LoggedAct(index: leaf.index, body: leaf.body)].rollbacks.first)
    }

    private func lost() throws -> SignedHead {
        SignedHead(
            head: try LogHead(canonicalBytes: vector["lostHead"].bytes),
            signature: try vector["lostSignature"].signature)
    }

    // MARK: The act

    @Test func `the vectors' act is read as it was made`() throws {
        let logged = try logged()
        #expect(logged.index == (try vector["leafIndex"].u64))
        #expect(logged.rollback.lost == (try lost()))
        #expect(logged.rollback.time == (try vector["time"].u64))
        #expect(logged.rollback.charges == (try vector["charges"].u64))
        #expect(logged.rollback.lastCharge == (try vector["lastCharge"].u64))
        #expect(
            logged.rollback
                == Rollback(
                    lost: try lost(), charges: try vector["charges"].u64,
                    time: try vector["time"].u64))
        let leaves = try file["receipt"]["log"].list.map { try LogLeaf(canonicalBytes: $0.bytes) }
        let next = try #require(leaves.last { $0.kind == .charge })
        #expect(try next.charge()?.number == (try vector["nextCharge"].u64))
        #expect(try next.charge()?.number == logged.rollback.lastCharge + 1)
    }

    @Test func `a rollback is later than the lost head, and leaves out all numbers that were given before`() {
        for (time, expected) in [
            (LostLog.lostTime - 1, LostLog.lostTime + 1), (LostLog.lostTime, LostLog.lostTime + 1),
            (LostLog.lostTime + 1, LostLog.lostTime + 1), (LostLog.lostTime + 2, LostLog.lostTime + 2),
        ] {
            #expect(Rollback(lost: log.head(), charges: 20, time: time).time == expected)
        }
        // time × 2^20 where that is more than charges + size + 2^20, and below 2^63.
        for (time, charges, lastCharge): (UInt64, UInt64, UInt64) in [
            (2_000_000_000, 20, 2_097_152_000_000_000), (2_000_000_000, 2_097_152_000_000_000, 2_097_152_001_048_588),
            (8_796_093_022_207, 0, 9_223_372_036_853_727_232), (8_796_093_022_208, 0, 9_223_372_036_854_775_807),
        ] {
            let head = log.head(size: 12, time: LostLog.lostTime)
            let rollback = Rollback(lost: head, charges: charges, time: time)
            #expect(rollback.charges == charges)
            #expect(rollback.lastCharge == lastCharge, "\(time)")
        }
    }

    @Test func `a lost head has more leaves than the log before the act`() {
        for (index, isGood) in [(UInt64(0), true), (10, true), (11, true), (12, false), (13, false)] {
            #expect(log.rollback.rollback.isPlaced(at: index) == isGood, "\(index)")
        }
    }

    // MARK: What it withdraws

    @Test func `heads of more than the act's leaves from before its time are withdrawn`() throws {
        let logged = try logged()
        let heads = try vector["withdrawn"].list
        #expect(heads.count == 45)
        for shown in heads {
            let head = try LogHead(canonicalBytes: shown["head"].bytes)
            #expect(logged.withdraws(head) == (try shown["withdrawn"].flag), "\(head.size) \(head.time)")
        }
        #expect(logged.withdraws(try lost().head))
        for name in ["head before the rollback", "head after the rollback", "head after the third charge"] {
            let form = try #require(try file["forms"].list.first { $0.title == name })
            #expect(!logged.withdraws(try LogHead(canonicalBytes: form["bytes"].bytes)), "\(name)")
        }
    }

    @Test func `a head is withdrawn from one leaf more on, until one second before the time, and of this log alone`() {
        for (size, time, isWithdrawn) in [
            (LostLog.index - 1, LostLog.time - 1, false), (LostLog.index, LostLog.time - 1, false),
            (LostLog.index + 1, LostLog.time - 1, true), (LostLog.index + 1, LostLog.time, false),
            (LostLog.index + 1, LostLog.time + 1, false), (LostLog.index, 0, false), (LostLog.index + 1, 0, true),
            (.max, LostLog.time - 1, true), (.max, LostLog.time, false),
        ] {
            #expect(log.rollback.withdraws(log.head(size: size, time: time).head) == isWithdrawn, "\(size) \(time)")
        }
        #expect(!log.rollback.withdraws(log.head(logID: .zero).head))
    }

    @Test func `the first rollback that withdraws a head is found, and the last one before a leaf`() {
        let second = LoggedRollback(
            index: 9,
            rollback: Rollback(
                lost: log.head(size: 15, time: LostLog.time + 500), charges: 40, time: LostLog.time + 600))
        let both = [log.rollback, second]
        #expect(both.withdrawing(log.head().head) == log.rollback)
        #expect(both.withdrawing(log.head(size: 9, time: LostLog.time).head) == nil)
        #expect(both.withdrawing(log.head(size: 10, time: LostLog.time).head) == second)
        #expect(both.withdrawing(log.head(size: 10, time: LostLog.time + 599).head) == second)
        #expect(both.withdrawing(log.head(size: 10, time: LostLog.time + 600).head) == nil)
        for (index, time) in [
            (UInt64(0), UInt64?.none), (5, nil), (6, LostLog.time), (9, LostLog.time), (10, LostLog.time + 600),
        ] {
            #expect(both.generation(at: index) == time, "\(index)")
        }
    }

    // MARK: What is shown of it

    /// The rollbacks that one evidence shows to somebody who knows the genesis.
    private func rollbacks(_ shown: Vector) throws -> [LoggedRollback] {
        try KeyHistory(genesis).rollbacks(
            [(leaf: try LogLeaf(canonicalBytes: shown["leaf"].bytes), path: try shown["path"].words)],
            head: try ChannelForms.signedHead(shown))
    }

    @Test func `an act that is shown with its path is taken`() throws {
        let shown = try vector["shown"].list
        #expect(shown.count == 3)
        for one in shown { #expect(try rollbacks(one).map(\.index) == [try vector["leafIndex"].u64], "\(one.title)") }
        #expect(try rollbacks(shown[0]) == [try logged()])
    }

    @Test func `an act that does not prove a rollback is refused`() throws {
        let rejected = try vector["shownRejected"].list
        #expect(rejected.count == 13)
        for one in rejected { #expect(throws: KeyRefusal.self, "\(one.title)") { try rollbacks(one) } }
    }

    @Test func `each rollback comes after the one before it`() throws {
        let shown = try vector["shown"].list[0]
        let leaf = try LogLeaf(canonicalBytes: shown["leaf"].bytes)
        let path = try shown["path"].words
        #expect(throws: KeyRefusal.order(found: leaf.index, last: leaf.index)) {
            try KeyHistory(genesis).rollbacks([(leaf, path), (leaf, path)], head: try ChannelForms.signedHead(shown))
        }
    }

    @Test func `a log key that is rotated after a rollback leaves good what the old one signed of the lost history`()
        throws
    {
        let new = SecretKey(seed: 4, label: "log 2")
        let domain = log.genesis.domain
        let statement = KeyRotationStatement(role: KeyRole.log.rawValue, key: new.address, nonce: 2)
        let rotation = KeyRotation(role: .log, key: new.address, proof: new.sign(domain.digest(of: statement)))
        let act = AdminAct(.rotate(rotation), nonce: 2)
        let logged = LoggedAct(
            index: LostLog.index + 1, act: act, signature: LostLog.adminKey.sign(domain.digest(of: act.statement)))
        let keys = try log.keys.following([logged])
        let item = TestChannel.item(1)
        let channel = TestChannel()
        let proof = (receipt: log.receipt(try log.charge(21, item, of: channel.state)), salt: LostLog.salt(21))
        let rules = Restoration(keys: keys, rollbacks: [log.rollback], openEpoch: 2, firstCharge: 1)
        let refusal = rules.refusal(channel.voucher([item]), [proof], of: channel)
        #expect(log.rules.refusal(channel.voucher([item]), [proof], of: channel) == nil)
        #expect(refusal == nil)
        let order = AdminAct(.rollback(log.rollback.rollback), nonce: 1)
        let leaf = LogLeaf(
            index: LostLog.index, time: LostLog.time, kind: .act,
            body: LogBody.signed(
                .act, order.canonicalBytes, LostLog.adminKey.sign(domain.digest(of: order.statement))
            ).body)
        var hashes = ReferenceTree.leaves(8)
        hashes[5] = leaf.hash
        let tree = ReferenceTree(hashes)
        let shown = [(leaf: leaf, path: tree.path(5, size: 8))]
        let before = log.head(size: 6, time: LostLog.time, root: tree.root(6))
        #expect(try log.keys.rollbacks([(leaf, tree.path(5, size: 6))], head: before) == [log.rollback])
        let newest = log.head(size: 8, time: LostLog.time, root: tree.root(8), by: new)
        let found = try? keys.rollbacks(shown, head: newest)
        #expect(found == [log.rollback])
    }

    // MARK: Who follows the log

    @Test func `who holds a withdrawn head takes one that stands in its place, and never goes back`() throws {
        let shown = try vector["shown"].list[0]
        let (lost, standing) = (try lost(), try ChannelForms.signedHead(shown))
        var verifier = LogVerifier(KeyHistory(genesis))
        #expect(try verifier.judge(lost, proof: []) == .accepted)
        verifier.rollbacks = try rollbacks(shown)
        #expect(try verifier.judge(standing, proof: []) == .rolledBack(from: lost, try logged()))
        #expect(verifier.newest == standing)
        #expect(throws: HeadRefusal.withdrawn(try logged())) { try verifier.judge(lost, proof: []) }
    }

    @Test func `two heads that a rollback explains are no evidence`() throws {
        // The history that goes on, at the size of the lost head.
        let act = LogLeaf(index: 5, time: LostLog.time, kind: .act, body: [])
        let other = log.head(time: LostLog.time, root: act.hash)
        let evidence = try #require(HeadEvidence(log.head(), other))
        #expect(throws: Never.self) { try evidence.check(log.keys) }
        #expect(throws: HeadEvidenceRefusal.rolledBack(log.rollback)) {
            try evidence.check(log.keys, rollbacks: [log.rollback])
        }
        // Two of one history are, whether it was lost or not.
        for time in [LostLog.time - 1, LostLog.time] {
            let (one, two) = (log.head(time: time, root: act.hash), log.head(time: time))
            let evidence = try #require(HeadEvidence(one, two))
            #expect(throws: Never.self) { try evidence.check(log.keys, rollbacks: [log.rollback]) }
        }
    }

    @Test func `a head of the leaves that were kept stands, and its time is judged like any other's`() throws {
        var verifier = LogVerifier(log.keys)
        verifier.rollbacks = [log.rollback]
        let kept = log.head(size: LostLog.index, time: LostLog.lostTime + 1)
        #expect(try verifier.judge(kept, proof: []) == .accepted)
        // Fewer leaves at a later time: no log signed both, before or after it lost something.
        var before = LogVerifier(log.keys)
        _ = try before.judge(log.head(), proof: [])
        before.rollbacks = [log.rollback]
        let evidence = try #require(HeadEvidence(log.head(), kept))
        #expect(try before.judge(kept, proof: []) == .contradiction(evidence))
        #expect(throws: Never.self) { try evidence.check(log.keys, rollbacks: [log.rollback]) }
    }
}
