import Channels
import Payer
import Primitives
import Storage

/// What prices depend on at a moment.
struct FeeState: Sendable {
    /// The moment: the present, or the log's time where that is ahead.
    let time: UInt64
    /// The schedule in force.
    let inForce: FeeSchedule
    /// The schedule that takes effect next, where one is announced.
    let next: FeeSchedule?
    /// The log's last schedule.
    let last: FeeSchedule
    /// What the next charge has before it.
    let counts: MinuteCounts
    /// Whether charging is paused.
    let isPaused: Bool

    /// Prices under a proposed schedule, and why it may not follow now.
    func preview(_ proposed: FeeSchedule, genesis: Genesis) -> SchedulePreviewBody {
        var body = SchedulePreviewBody(preview: SchedulePreview(inForce: inForce, proposed: proposed))
        do throws(ScheduleRefusal) {
            try genesis.scheduleChange.check(proposed, after: last, now: time)
        } catch {
            body.refused = SchedulePreviewBody.Refused(code: error.code, detail: error.detail)
        }
        return body
    }
}

extension FeeService {
    /// What prices depend on now.
    func feeState() throws -> FeeState {
        let time = max(state.time, clock.now)
        let inForce = try state.schedule(at: time)
        return FeeState(
            time: time, inForce: inForce, next: state.schedules.first { $0.effectiveFrom > time },
            last: state.schedules.last ?? inForce, counts: try state.chargeRate.counts(at: time),
            isPaused: state.isPaused)
    }

    /// What whoever signs the next act has to know.
    func adminState() -> AdminStateBody {
        AdminStateBody(nonce: state.actNonce, adminKey: state.key(of: .admin), paused: state.isPaused)
    }
}
