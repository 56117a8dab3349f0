import Channels
import Primitives
import Testing

@Suite struct KeyHistoryTests {
    private static let keys = ["log", "settlement", "admin", "log 2", "admin 2", "log 3"].reduce(
        into: [String: SecretKey]()
    ) { $0[$1] = SecretKey(seed: 3, label: $1) }

    private static func key(_ name: String) throws -> SecretKey { try #require(keys[name]) }

    private static func genesis() throws -> Genesis {
        Genesis(
            chainID: Bytes32(integer: 1), verifyingContract: .zero, logKey: try key("log").address,
            settlementKey: try key("settlement").address, adminKey: try key("admin").address, currency: "USD",
            ledgerScale: 12, settlementScale: 6, start: 0, epochSeconds: 600, ruleset: 1)
    }

    /// An act that rotates a role to a key, signed as asked.
    private static func act(
        _ role: KeyRole, to new: String, at index: UInt64, by admin: String = "admin", nonce: UInt64 = 1,
        provenBy prover: String? = nil, provenNonce: UInt64? = nil
    ) throws -> LoggedAct {
        let domain = try genesis().domain
        let key = try key(new)
        let statement = KeyRotationStatement(
            role: role.rawValue, key: key.address, nonce: provenNonce ?? nonce)
        let proof = try Self.key(prover ?? new).sign(domain.digest(of: statement))
        let act = AdminAct(.rotate(KeyRotation(role: role, key: key.address, proof: proof)), nonce: nonce)
        return LoggedAct(
            index: index, act: act, signature: try Self.key(admin).sign(domain.digest(of: act.statement)))
    }

    @Test func `a rotation counts for what comes after its leaf, role by role`() throws {
        var history = KeyHistory(try Self.genesis())
        try history.follow(try Self.act(.log, to: "log 2", at: 10))
        try history.follow(try Self.act(.log, to: "log 3", at: 20, nonce: 2))
        for (size, name): (UInt64, String) in [
            (0, "log"), (9, "log"), (10, "log"), (11, "log 2"), (20, "log 2"), (21, "log 3"), (.max, "log 3"),
        ] {
            #expect(history.key(of: .log, at: size) == (try Self.key(name).address), "\(size)")
        }
        for role in [KeyRole.settlement, .admin] {
            #expect(history.key(of: role, at: .max) == (try Self.key(role.name).address))
        }
    }

    @Test func `the admin key in force at its place orders a rotation, also its own`() throws {
        var history = KeyHistory(try Self.genesis())
        for stranger in ["settlement", "log", "log 2"] {
            #expect(throws: KeyRefusal.signature) {
                try history.follow(try Self.act(.log, to: "log 2", at: 4, by: stranger))
            }
        }
        try history.follow(try Self.act(.admin, to: "admin 2", at: 5))
        #expect(throws: KeyRefusal.signature) { try history.follow(try Self.act(.log, to: "log 2", at: 6)) }
        try history.follow(try Self.act(.log, to: "log 2", at: 6, by: "admin 2"))
        #expect(history.changes.map(\.index) == [5, 6])
    }

    @Test func `what is refused changes nothing: no proof, another act's proof, a used key, an earlier leaf`() throws {
        var history = KeyHistory(try Self.genesis())
        try history.follow(try Self.act(.log, to: "log 2", at: 10))
        let before = history
        for (act, refusal) in [
            (try Self.act(.log, to: "log 3", at: 11, provenBy: "admin"), KeyRefusal.proof),
            (try Self.act(.log, to: "log 3", at: 11, nonce: 2, provenNonce: 1), .proof),
            (try Self.act(.log, to: "log", at: 11), .used(try Self.key("log").address)),
            (try Self.act(.admin, to: "settlement", at: 11), .used(try Self.key("settlement").address)),
            (try Self.act(.admin, to: "log 2", at: 11), .used(try Self.key("log 2").address)),
            (try Self.act(.log, to: "log 3", at: 10), .order(found: 10, last: 10)),
            (try Self.act(.log, to: "log 3", at: 9), .order(found: 9, last: 10)),
        ] {
            #expect(throws: refusal) { try history.follow(act) }
            #expect(history == before)
        }
        let pause = AdminAct(.pause(true), nonce: 3)
        let signature = try Self.key("admin").sign(before.domain.digest(of: pause.statement))
        try history.follow(LoggedAct(index: 3, act: pause, signature: signature))
        #expect(history == before)
    }

    /// A log with a rotation of the log key at leaf 2, and its newest head.
    private struct Log {
        var tree = LogTree()
        var leaves: [LogLeaf] = []
        let rotation: LoggedAct

        init() throws {
            rotation = try KeyHistoryTests.act(.log, to: "log 2", at: 2)
            for (index, kind) in [LeafKind.genesis, .schedule, .act, .deposit, .deposit].enumerated() {
                let body = kind == .act ? rotation.body : [UInt8(index)]
                leaves.append(LogLeaf(index: UInt64(index), time: 1, kind: kind, body: body))
                _ = tree.append(leaves[index].hash)
            }
        }

        func head(_ size: UInt64? = nil, by name: String) throws -> SignedHead {
            var part = LogTree()
            for leaf in leaves.prefix(Int(size ?? tree.size)) { _ = part.append(leaf.hash) }
            let genesis = try KeyHistoryTests.genesis()
            let head = LogHead(logID: genesis.logID, size: part.size, root: part.root, time: 1, epoch: 1)
            return SignedHead(
                head: head, signature: try KeyHistoryTests.key(name).sign(genesis.domain.digest(of: head.statement)))
        }

        func path(of index: UInt64) -> [Bytes32] { tree.paths(of: [index]) { _ in [] }[0] }
    }

    @Test func `who knows only the genesis finds the key of the newest head`() throws {
        let log = try Log()
        let shown = [(leaf: log.leaves[2], path: log.path(of: 2))]
        let genesis = try Self.genesis()
        let history = try KeyHistory(genesis, rotations: shown, head: try log.head(by: "log 2"))
        #expect(history.changes.map(\.index) == [2])
        #expect(throws: KeyRefusal.head) {
            try KeyHistory(genesis, rotations: shown, head: try log.head(by: "log"))
        }
        #expect(throws: KeyRefusal.head) { try KeyHistory(genesis, rotations: [], head: try log.head(by: "log 2")) }
        for path in [[], log.path(of: 3), Array(log.path(of: 2).dropLast())] {
            #expect(throws: KeyRefusal.leaf(index: 2)) {
                try KeyHistory(genesis, rotations: [(log.leaves[2], path)], head: try log.head(by: "log 2"))
            }
        }
        #expect(throws: KeyRefusal.leaf(index: 3)) {
            try KeyHistory(genesis, rotations: [(log.leaves[3], log.path(of: 3))], head: try log.head(by: "log 2"))
        }
    }

    @Test func `heads are judged by the key of their size: old ones stay good, and the old key signs no new ones`()
        throws
    {
        let log = try Log()
        var history = KeyHistory(try Self.genesis())
        let before = history
        try history.follow(log.rotation)
        for (size, name, isGood): (UInt64, String, Bool) in [
            (2, "log", true), (2, "log 2", false), (3, "log", false), (3, "log 2", true), (5, "log", false),
            (5, "log 2", true),
        ] {
            #expect(history.hasSigned(try log.head(size, by: name)) == isGood, "\(size) \(name)")
        }
        let one = try log.head(2, by: "log")
        let fork = LogHead(logID: before.logID, size: 2, root: .zero, time: 1, epoch: 1)
        let forked = SignedHead(
            head: fork, signature: try Self.key("log").sign(before.domain.digest(of: fork.statement)))
        #expect(throws: Never.self) { try #require(HeadEvidence(one, forked)).check(history) }
        let late = LogHead(logID: before.logID, size: 3, root: .zero, time: 1, epoch: 1)
        let stale = SignedHead(
            head: late, signature: try Self.key("log").sign(before.domain.digest(of: late.statement)))
        #expect(throws: HeadEvidenceRefusal.signature) {
            try #require(HeadEvidence(try log.head(3, by: "log 2"), stale)).check(history)
        }
    }

    @Test func `a follower goes on over a rotation once it was shown`() throws {
        let log = try Log()
        var verifier = LogVerifier(KeyHistory(try Self.genesis()))
        #expect(try verifier.judge(try log.head(2, by: "log"), proof: []) == .accepted)
        let next = try log.head(by: "log 2")
        let proof = log.tree.consistency(from: 2) { _ in [] }
        #expect(throws: HeadRefusal.signature) { try verifier.judge(next, proof: proof) }
        try verifier.keys.follow(log.rotation)
        #expect(try verifier.judge(next, proof: proof) == .accepted)
        #expect(throws: HeadRefusal.signature) { try verifier.judge(try log.head(4, by: "log"), proof: []) }
    }
}
