import Channels
import Primitives
import Storage

extension FeeService {
    /// Goes on from where an older copy of the database stands: logs the act by which every later head of before is
    /// withdrawn, and does what has fallen due since.
    ///
    /// `lost` is the newest head that anybody showed of what is not here, `shown` the largest time of any. Nobody may be
    /// served meanwhile: heads from before ``Rollback/time`` that are signed on the way are never shown.
    ///
    /// The log key in force at the log's end signs the lost head: a rotation may have been lost with it.
    func goOn(without head: LogHead, shown: UInt64? = nil, adminKey: SecretKey) async throws -> LoggedRollback {
        let logKey = try keyFolder.key(of: state.key(of: .log))
        let lost = SignedHead(head: head, signature: logKey.sign(domain.digest(of: head.statement)))
        // A second later than any head may have been shown, this one included.
        let time = max(clock.now, state.time, shown ?? 0).addingClamped(1)
        let rollback = Rollback(lost: lost, charges: state.chargeCount, time: time)
        // Acts that were lost were seen by everybody: their nonces are used up too.
        let act = AdminAct(.rollback(rollback), nonce: max(state.actNonce + 1, rollback.lastCharge))
        let signature = adminKey.sign(domain.digest(of: act.statement))
        try check(act, signature)
        let logged = try await inTurn {
            // Before anything that is due: its leaf is the first that the lost history does not have.
            let logged = try await commit(at: state.time) { session in
                guard session.state.keys.isGood(rollback, at: session.nextIndex) else {
                    throw StorageCorruption("the head that was lost is none of this log beyond its end")
                }
                session.took(act: act.nonce)
                let leaf = session.append(LogBody.signed(.act, act.canonicalBytes, signature))
                let logged = LoggedRollback(index: leaf.index, rollback: rollback)
                session.rolledBack(logged)
                return logged
            }
            try await finish(logged)
            return logged
        }
        return logged
    }

    /// Brings the log to the time from which its heads stand again, where a crash came between a rollback and that. A
    /// service does it before it is asked anything.
    func finishRollback() async throws {
        guard let newest = state.rollbacks.last, newest.withdraws(state.head.head) else { return }
        try await inTurn { try await finish(newest) }
    }

    private func finish(_ logged: LoggedRollback) async throws {
        try await doWhatIsDue(by: logged.rollback.time)
        try await commit(at: logged.rollback.time) { _ in }
    }
}
