import Channels
import Primitives
import Rewards
import Storage

/// Carries out what the admin key orders.
struct AdminActs {
    let service: FeeService
    let collector: StatementCollector

    /// Does what an act orders. What it changes and its leaf are one transaction; what nodes are asked for comes before,
    /// logged as their own statements.
    func perform(_ act: AdminAct, signature: Signature, opening: CommitmentOpening?) async throws {
        // Nobody but the admin makes the service ask its nodes.
        try await service.check(act, signature)
        switch act.order {
        case .collect(let epoch): try await collector.collectDelivered(of: epoch)
        case .seal(let epoch): try await collector.collectObservations(of: epoch)
        case .rollback:
            throw Refusal(
                409, "act/rollback", "A running service has nothing to go back from; run feesvc recover in its place.")
        case .clock, .schedule, .pause, .rotate, .close, .ruleset, .correct: break
        }
        try await service.execute(act, signature, opening: opening)
    }
}

extension FeeService {
    /// Checks that the admin key signed an act that was not done before.
    func check(_ act: AdminAct, _ signature: Signature) throws {
        try Self.check(act, signature, state)
    }

    private static func check(_ act: AdminAct, _ signature: Signature, _ state: LogState) throws(Refusal) {
        guard signature.isBy(state.key(of: .admin), over: state.genesis.domain.digest(of: act.statement)) else {
            throw Refusal(401, "act/signature", "The admin key did not sign this act.")
        }
        guard act.nonce > state.actNonce else {
            throw Refusal(409, "act/nonce", "The nonce must be above \(state.actNonce).")
        }
    }

    /// Logs an act together with what it does: both are in the log, or neither.
    func execute(_ act: AdminAct, _ signature: Signature, opening: CommitmentOpening? = nil) async throws {
        if case .clock = act.order, !clock.isManual {
            throw Refusal(409, "act/clock", "This service follows the system's clock; start it with --manual-clock.")
        }
        if case .rotate(let rotation) = act.order, rotation.role == .log {
            // Before the writer's turn, which must not wait while a passphrase is tried.
            try? await keyFolder.open(rotation.key, isAttended: false)
        }
        try await write { session in
            try Self.check(act, signature, session.state)
            session.took(act: act.nonce)
            let index = session.nextIndex
            if act.order.isLogged { session.append(LogBody.signed(.act, act.canonicalBytes, signature)) }
            if case .rotate(let rotation) = act.order {
                try rotate(rotation, LoggedAct(index: index, act: act, signature: signature), &session)
            }
            if case .close(let commitment) = act.order { try await beginClose(commitment, opening, &session) }
            if case .correct(let correction) = act.order {
                try await Self.correct(correction, index: index, &session)
            }
            try await Self.carryOut(act.order, &session)
        }
        if case .clock(let time) = act.order {
            clock.move(to: time)
            try await doWhatIsDue()
        }
    }

    /// Replaces a key. The head over the act is signed by the new log key already, so its file has to be there.
    private func rotate(_ rotation: KeyRotation, _ logged: LoggedAct, _ session: inout LogSession) throws {
        do throws(KeyRefusal) {
            try session.rotate(logged)
        } catch {
            throw Refusal(422, error.code, error.detail)
        }
        if rotation.role == .log {
            do {
                _ = try keyFolder.key(of: rotation.key)
            } catch {
                throw Refusal(
                    409, "rotate/key-file",
                    "No file in the service's folder of keys holds \(rotation.key.checksummed), or the service was started "
                        + "without the passphrase that opens it; put it there first.")
            }
        }
    }

    private static func carryOut(_ order: AdminOrder, _ session: inout LogSession) async throws {
        switch order {
        case .clock, .collect, .rotate, .close, .correct, .rollback: break
        case .seal(let epoch): _ = try await seal(epoch, &session)
        case .schedule(let proposed): try await announce(proposed, &session)
        case .pause(let isPaused): session.paused(isPaused)
        case .ruleset(let bytes): try checkRuleset(bytes)
        }
    }

    /// Whether pools can be split by a ruleset; it is in force once the next epoch begins, and the act alone says so.
    private static func checkRuleset(_ bytes: [UInt8]) throws(Refusal) {
        do {
            _ = try Ruleset(canonicalBytes: bytes)
        } catch {
            throw Refusal(422, "act/ruleset", "No pool can be split by this ruleset: \(error).")
        }
    }

    /// Logs a schedule that may follow the last one, right after the act that orders it.
    private static func announce(_ proposed: FeeSchedule, _ session: inout LogSession) async throws {
        let state = session.state
        guard let last = state.schedules.last else { throw StorageCorruption("the log has no schedule") }
        do throws(ScheduleRefusal) {
            try state.genesis.scheduleChange.check(proposed, after: last, now: state.time)
        } catch {
            throw Refusal(422, error.code, error.detail)
        }
        let leaf = session.append(LeafDraft(.schedule, proposed.canonicalBytes))
        session.announced(proposed)
        try await ScheduleStore(session.transaction).append(proposed, logIndex: leaf.index)
    }
}
