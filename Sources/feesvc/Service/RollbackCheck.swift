import AsyncHTTPClient
import Channels
import Logging
import Payer
import Primitives
import Storage

/// Looks at the start whether the database is behind, or beside, a head that the log key signed: one that is was restored
/// from an older copy, and going on would sign another history over the acknowledged one.
struct RollbackCheck {
    let service: FeeService
    let record: HeadRecord
    let http: HTTPClient
    let logger: Logger

    /// A head and who holds it.
    private struct Witness {
        let head: SignedHead
        let holder: String
    }

    /// Throws an ``OperatorError`` where a head shows that the database lacks leaves or has others.
    func run() async throws {
        var witnesses: [Witness] = []
        if let own = try record.read() {
            witnesses.append(Witness(head: own.head, holder: "this service's data directory"))
        }
        witnesses += try await nodesHeads()
        for witness in try await standing(witnesses) { try await check(witness) }
    }

    /// What shows that a database lacks leaves.
    struct Loss {
        /// The newest head that covers a leaf which is not there.
        let head: LogHead
        /// Who holds it.
        let holder: String
        /// The largest time of any such head, Unix seconds.
        let time: UInt64
    }

    /// What this service, the nodes and `others` hold of leaves that the database lacks; `nil` where nobody holds any. Throws
    /// where what is there is of another history.
    func lost(_ others: [SignedHead]) async throws -> Loss? {
        var witnesses: [Witness] = []
        if let own = try record.read() {
            witnesses.append(Witness(head: own.head, holder: "this service's data directory"))
        }
        witnesses += try await nodesHeads()
        let keys = await service.state.keys
        witnesses += others.filter { isOurs($0, keys) }.map { Witness(head: $0, holder: "the files given") }
        let own = service.heads.head.head
        var beyond: [Witness] = []
        for witness in try await standing(witnesses) {
            if witness.head.head.size > own.size { beyond.append(witness) } else { try await check(witness) }
        }
        guard let time = beyond.map(\.head.head.time).max() else { return nil }
        let newest = beyond.max { a, b in
            (a.head.head.time, a.head.head.size) < (b.head.head.time, b.head.head.size)
        }
        return newest.map { Loss(head: $0.head.head, holder: $0.holder, time: time) }
    }

    /// Whether a log key of this service signed a head: one that the log knows or, where its rotation was lost, one whose file
    /// is in the folder of keys.
    private func isOurs(_ head: SignedHead, _ keys: KeyHistory) -> Bool {
        if keys.hasSigned(head) { return true }
        guard head.head.logID == keys.logID,
            let signer = try? head.signature.recover(service.domain.digest(of: head.head.statement))
        else { return false }
        return service.keyFolder.holds(signer)
    }

    /// Those of this log that no rollback withdrew.
    private func standing(_ witnesses: [Witness]) async throws -> [Witness] {
        let rollbacks = await service.state.rollbacks
        return witnesses.filter {
            $0.head.head.logID == service.genesis.logID && rollbacks.withdrawing($0.head.head) == nil
        }
    }

    private func check(_ witness: Witness) async throws {
        let shown = witness.head.head
        let own = service.heads.head.head
        guard shown.size <= own.size else {
            throw OperatorError(
                "This database is an older copy: its log has \(own.size) leaves, and \(witness.holder) holds a signed "
                    + "head of \(shown.size). Leaves \(own.size) to \(shown.size - 1) were shown to others and are not "
                    + "here. Restore a newer copy; where there is none, feesvc recover goes on without them.")
        }
        let root = try await service.read { try await LogStore($0).frontier(at: shown.size).root }
        guard root == shown.root else {
            throw OperatorError(
                "This database holds another history than \(witness.holder): their logs of \(shown.size) leaves have the "
                    + "roots \(root) and \(shown.root). Nothing may be signed over it; restore the copy that was in use."
            )
        }
    }

    /// What the registered nodes hold. One that does not answer says nothing; a head that the log key did not sign is
    /// nobody's evidence.
    private func nodesHeads() async throws -> [Witness] {
        let nodes = try await service.nodes().map(\.node)
        let keys = await service.state.keys
        return await withTaskGroup(of: Witness?.self) { group in
            for node in nodes {
                group.addTask {
                    let client = JSONClient(
                        http: http, base: "http://\(node.registration.httpEndpoint)", timeoutSeconds: 2)
                    guard let body: HeadBody = try? await client.get("/v1/head"), let head = try? body.signed,
                        isOurs(head, keys)
                    else { return nil }
                    return Witness(head: head, holder: "node \(node.number)")
                }
            }
            return await group.reduce(into: []) { found, witness in if let witness { found.append(witness) } }
        }
    }
}
