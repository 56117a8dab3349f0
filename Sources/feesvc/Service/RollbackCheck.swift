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
        if let own = try record.read() { witnesses.append(Witness(head: own, holder: "this service's data directory")) }
        witnesses += try await nodesHeads()
        for witness in witnesses where witness.head.head.logID == service.genesis.logID {
            try await check(witness)
        }
    }

    private func check(_ witness: Witness) async throws {
        let shown = witness.head.head
        let own = service.heads.head.head
        guard shown.size <= own.size else {
            throw OperatorError(
                "This database is an older copy: its log has \(own.size) leaves, and \(witness.holder) holds a signed "
                    + "head of \(shown.size). Leaves \(own.size) to \(shown.size - 1) were shown to others and are not "
                    + "here. Restore a newer copy; docs/operations.md says what to do where there is none.")
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
                        keys.hasSigned(head)
                    else { return nil }
                    return Witness(head: head, holder: "node \(node.number)")
                }
            }
            return await group.reduce(into: []) { found, witness in if let witness { found.append(witness) } }
        }
    }
}
