import CSQLite
import Channels
import FoundationEssentials
import Primitives
import Synchronization

@testable import Node

/// A node of the simulator: the engine and its store without sockets, that crashes and starts again.
final class SimulatedNode: Sendable {
    private struct State {
        var node: ReplicationNode?
        /// Statements until the process dies; `nil` where it does not.
        var fuse: Int?
        /// Statements until the disk is full, and for how many.
        var full: (after: Int, count: Int)?
        var isDead = false
        var life = 0
    }

    let number: UInt32
    let configuration: NodeConfiguration
    /// How it answers, where it is Byzantine.
    let behaviour: Behaviour?
    private let state = Mutex(State())

    init(_ configuration: NodeConfiguration, behaviour: Behaviour?) {
        number = configuration.number
        self.configuration = configuration
        self.behaviour = behaviour
    }

    /// The running node; `nil` while it is down.
    var node: ReplicationNode? { state.withLock { $0.isDead ? nil : $0.node } }
    /// Counts its starts.
    var life: Int { state.withLock { $0.life } }

    /// Starts it, from what is on its disk.
    func start(_ registry: [RegisteredNode], peers: [UInt32]) async throws {
        let node = try await ReplicationNode(configuration, logger: .silent)
        // A process that dies leaves what it wrote to the system: to wait for the disk would prove nothing here.
        try await node.core.store.leaveDiskAlone()
        await node.core.store.disturb { [weak self] sql throws(SQLiteFailure) in try self?.disturb(sql) }
        await node.update(registry: registry)
        for peer in peers { node.core.peers.link(to: peer).connected(nil) }
        state.withLock { state in
            state.node = node
            state.isDead = false
            state.fuse = nil
            state.full = nil
            state.life += 1
        }
    }

    /// Dies after so many more statements; what is not committed by then is lost.
    func die(after statements: Int) { state.withLock { $0.fuse = statements } }

    /// Has a full disk for some statements.
    func fill(after statements: Int, count: Int) { state.withLock { $0.full = (statements, count) } }

    /// Frees the disk, and takes the fuse out.
    func calm() {
        state.withLock { state in
            state.fuse = nil
            state.full = nil
        }
    }

    /// Buries a process that died: its store is let go of, as the system does.
    func bury() async {
        let dead = state.withLock { state in
            state.isDead ? state.node.take() : nil
        }
        guard let dead else { return }
        await dead.close()
    }

    /// Stops it in good order.
    func stop() async {
        let node = state.withLock { $0.node.take() }
        await node?.close()
    }

    private func disturb(_ sql: String) throws(SQLiteFailure) {
        let failure: SQLiteFailure? = state.withLock { state in
            if state.isDead { return Self.dead }
            if let fuse = state.fuse {
                state.fuse = fuse - 1
                if fuse <= 0 {
                    state.isDead = true
                    return Self.dead
                }
            }
            if let full = state.full, sql.hasPrefix("INSERT") || sql == "COMMIT" {
                state.full = full.after > 0 ? (full.after - 1, full.count) : full.count > 0 ? (0, full.count - 1) : nil
                if full.after <= 0, full.count > 0 { return SQLiteFailure(code: SQLITE_FULL, message: "simulated") }
            }
            return nil
        }
        if let failure { throw failure }
    }

    private static let dead = SQLiteFailure(code: SQLITE_IOERR, message: "the process is dead")
}

extension EventStore {
    /// Commits without waiting for the disk, which no simulation takes the power from.
    func leaveDiskAlone() throws { try database.script("PRAGMA synchronous = OFF") }

    /// Has every statement pass by somebody who may let it fail.
    func disturb(_ body: @escaping @Sendable (String) throws(SQLiteFailure) -> Void) { database.disturbance = body }
}
