import Channels
import Ledger
import Logging
import Primitives
import Rewards
import Storage

/// Something that falls due at a moment of log time. At one moment they are done in the order of the cases, so that what
/// is due at or before an edge is resolved before the edge is logged.
enum Deadline: Hashable, Comparable {
    /// A day of storage is captured.
    case midnight(UTCDay)
    /// Postage that nobody welcomed is captured.
    case postage(due: UInt64)
    /// Base and congestion of an epoch are captured or returned.
    case deliveryCut(epoch: UInt64, at: UInt64)
    /// Channels whose close was requested end.
    case channels(due: UInt64)
    /// An epoch ends.
    case edge(epoch: UInt64, at: UInt64)

    var time: UInt64 {
        switch self {
        case .midnight(let day): day.start
        case .postage(let due), .channels(let due): due
        case .deliveryCut(_, let time), .edge(_, let time): time
        }
    }

    private var order: Int {
        switch self {
        case .midnight: 0
        case .postage: 1
        case .deliveryCut: 2
        case .channels: 3
        case .edge: 4
        }
    }

    static func < (a: Deadline, b: Deadline) -> Bool { (a.time, a.order) < (b.time, b.order) }
}

extension FeeService {
    /// Does everything that falls due by `time`, each deadline in a transaction at its own moment.
    func doWhatIsDue(by time: UInt64) async throws {
        while let deadline = try await nextDeadline(by: time) {
            switch deadline {
            case .midnight(let day): try await capture(day)
            case .postage(let due): try await capturePostage(due: due)
            case .deliveryCut(let epoch, let moment): try await cut(epoch, at: moment)
            case .channels(let due): try await closeChannels(due: due)
            case .edge(let epoch, let moment): try await close(epoch, at: moment)
            }
        }
    }

    private func nextDeadline(by time: UInt64) async throws -> Deadline? {
        let epochs = genesis.epochs
        var due: [Deadline] = [
            .midnight(state.lastMidnight.next), .edge(epoch: state.openEpoch, at: epochs.edge(of: state.openEpoch)),
        ]
        if let epoch = try await epochToCut() {
            due.append(.deliveryCut(epoch: epoch, at: epochs.deliveryCut(of: epoch)))
        }
        if postageNotDueBefore <= time {
            let next = try await readInTurn { try await HoldStore($0).nextPostageDue() }
            postageNotDueBefore = next ?? UInt64.max
            if let next { due.append(.postage(due: next)) }
        }
        if channelsNotDueBefore <= time {
            let next = try await readInTurn { try await ChannelStore($0).nextClose() }
            channelsNotDueBefore = next ?? UInt64.max
            if let next { due.append(.channels(due: next)) }
        }
        return due.filter { $0.time <= time }.min()
    }

    private func epochToCut() async throws -> UInt64? {
        if nextCut == nil {
            nextCut = try await readInTurn { try await EpochStore($0).all().first { $0.cutIndex == nil }?.number }
        }
        return nextCut.flatMap { $0 < state.openEpoch ? $0 : nil }
    }

    private func capture(_ day: UTCDay) async throws {
        try await commit(at: day.start) { session in
            let store = HoldStore(session.transaction)
            var holds = try await store.storage()
            let captured = try holds.capture(day)
            session.captured(day)
            session.append(LeafDraft(.midnight, Midnight(day: day, captured: captured).canonicalBytes))
            guard captured > .zero else { return }
            var entry = EntryDraft(.midnight, reference: "midnight:\(day)")
            try entry.move(captured, from: .held(.storage), to: .pool(session.state.openEpoch))
            try session.post(entry)
            try await store.replace(storage: holds)
            try await EpochStore(session.transaction).add(
                to: session.state.openEpoch, captured: CapturedParts(storage: captured))
        }
    }

    private func capturePostage(due: UInt64) async throws {
        try await commit(at: due) { session in
            let store = HoldStore(session.transaction)
            let holds = try await store.postageDue(by: due, limit: 10_000)
            guard let first = holds.first else { return }
            var entry = EntryDraft(.postage, reference: "postage:\(first.charge)")
            var decided: [(charge: UInt64, logIndex: UInt64)] = []
            var captured = Amount.zero
            for hold in holds {
                let decision = PostageDecision(
                    charge: hold.charge, outcome: .captured, amount: hold.amount, evidence: .zero)
                let leaf = session.append(LeafDraft(.postage, decision.canonicalBytes))
                decided.append((hold.charge, leaf.index))
                captured = try captured.adding(hold.amount)
            }
            try entry.move(captured, from: .held(.postage), to: .pool(session.state.openEpoch))
            try session.post(entry)
            try await store.decidePostage(decided)
            try await EpochStore(session.transaction).add(
                to: session.state.openEpoch, captured: CapturedParts(postage: captured))
        }
        postageNotDueBefore = 0
    }

    private func cut(_ epoch: UInt64, at time: UInt64) async throws {
        try await commit(at: time) { session in
            channels.forget(try await DeliverySettlement(epoch: epoch, session: session).settle(&session))
        }
        nextCut = nil
        postageNotDueBefore = 0
    }

    /// Logs and keeps which nodes the snapshot of the epoch that begins leaves out.
    private static func leaveOutTheSilent(before epoch: UInt64, _ session: inout LogSession) async throws {
        guard epoch > 2, let before = try await EpochStore(session.transaction).epoch(epoch - 2) else { return }
        let nodes = NodeStore(session.transaction)
        let start = session.state.genesis.epochs.beginning(of: epoch - 2)
        let silence = Silence(
            before: epoch,
            registered: try await nodes.all().filter { $0.registeredAt <= start }.map(\.node.number),
            heard: try await nodes.heard(in: before.firstIndex..<session.nextIndex))
        guard !silence.nodes.isEmpty else { return }
        session.append(LeafDraft(.silence, silence.canonicalBytes))
        try await nodes.keep(silence)
    }

    private func close(_ epoch: UInt64, at time: UInt64) async throws {
        try await commit(at: time) { session in
            channels.forget(try await session.repay())
            try await Self.leaveOutTheSilent(before: epoch + 1, &session)
            let end = session.state.anchor
            session.append(LogBody.books(epoch: epoch, entry: end.number, hash: end.hash))
            session.append(LogBody.edge(epoch: epoch, time: time))
            let nodes = NodeStore(session.transaction)
            let postage = try await nodes.balance(of: .held(.postage))
            let base = try await nodes.balance(of: .held(.base))
            let storage = try await nodes.balance(of: .held(.storage))
            try await EpochStore(session.transaction).close(
                epoch, endIndex: session.nextIndex, endCharge: session.state.chargeCount + 1,
                endEntry: session.state.anchor.number + 1,
                held: try Amount.sum([base, storage, postage]), postageHeld: postage)
            session.openNextEpoch()
            try await EpochStore(session.transaction).keep(
                edgeHead: sign(session.draftHead(), session.state.keys), of: epoch)
        }
        logger.info("epoch closed", metadata: ["epoch": "\(epoch)", "log.size": "\(state.head.head.size)"])
    }
}
