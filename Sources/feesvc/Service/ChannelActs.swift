import Channels
import Ledger
import Primitives
import Storage

/// What payers do with their channels. Each act is proved by the payer's signature, logged by its digest, and kept.
extension FeeService {
    /// Takes an opening; it becomes a channel when money comes for it. The same opening again is the same channel.
    nonisolated func open(_ opening: OpenChannel, signature: Signature) async throws -> Bytes32 {
        let id = opening.channelID(in: domain)
        guard signature.isBy(opening.payer, over: id) else {
            throw Refusal(401, "channel/signature", "The payer did not sign this opening.")
        }
        guard opening.payer != .zero, opening.signer != .zero else {
            throw Refusal(422, "channel/zero-address", "Payer and signer must be addresses that somebody holds.")
        }
        // Nothing is logged and no money moves, so that an opening, which is free, takes no writer's turn.
        try await pool.withTransaction { transaction in
            try await ChannelStore(transaction).keep(opening, id: id, at: clock.now)
        }
        return id
    }

    /// Lets a key sign for a channel.
    func delegate(_ delegation: Delegation, signature: Signature) async throws -> ChannelState {
        try await act(delegation, on: delegation.channelID, signature: signature) { act, session in
            let earliest = admission.earliest(now: session.state.time)
            let isNew = try refusing { () throws(ChannelRefusal) in
                try act.channel.state.delegate(delegation, earliest: earliest)
            }
            guard isNew else { return act.channel.state }
            try await act.store.write(act.channel, at: session.state.time)
            try await act.store.write(delegation.authority, of: delegation.signer, channel: act.channel.number)
            let leaf = session.append(LogBody.signer(commitment: act.commitment, statement: act.digest))
            try await act.keep(leaf)
            return act.channel.state
        }
    }

    /// Takes a key's authority away.
    func revoke(_ revocation: Revocation, signature: Signature) async throws -> ChannelState {
        try await act(revocation, on: revocation.channelID, signature: signature) { act, session in
            let isNew = try refusing { () throws(ChannelRefusal) in try act.channel.state.revoke(revocation) }
            guard isNew else { return act.channel.state }
            try await act.store.write(act.channel, at: session.state.time)
            try await act.store.write(nil, of: revocation.signer, channel: act.channel.number)
            let leaf = session.append(LogBody.signer(commitment: act.commitment, statement: act.digest))
            try await act.keep(leaf)
            return act.channel.state
        }
    }

    /// Begins the close that a payer may have without the service's agreement. Vouchers are refused from now on.
    /// - Returns: when it ends.
    func close(_ request: RequestClose, signature: Signature) async throws -> UInt64 {
        let closesAt = try await act(request, on: request.channelID, signature: signature) { act, session in
            let now = session.state.time
            let begins = try refusing { () throws(ChannelRefusal) in
                try act.channel.state.close(request, now: now, challengeWindow: admission.challengeWindow)
            }
            let closesAt = act.channel.state.closesAt ?? now
            guard begins else { return closesAt }
            try await act.store.write(act.channel, at: now)
            let leaf = session.append(
                LogBody.closing(commitment: act.commitment, cause: .payer, closesAt: closesAt, statement: act.digest))
            try await act.keep(leaf)
            return closesAt
        }
        channelsNotDueBefore = min(channelsNotDueBefore, closesAt)
        return closesAt
    }

    /// Takes money out of a channel, to what is payable to its payer.
    /// - Returns: how much this withdrawal took.
    func withdraw(_ withdrawal: Withdrawal, signature: Signature) async throws -> Amount {
        try await act(withdrawal, on: withdrawal.channelID, signature: signature) { act, session in
            let amount = try refusing { () throws(ChannelRefusal) in
                try act.channel.state.withdraw(
                    withdrawal, now: session.state.time, smallest: terms.minimumDeposit)
            }
            guard amount > .zero else { return .zero }
            try await act.store.write(act.channel, at: session.state.time)
            let leaf = session.append(
                LogBody.withdrawal(commitment: act.commitment, amount: amount, statement: act.digest))
            var entry = EntryDraft(.withdrawal, reference: "withdrawal:\(act.digest.hex)")
            try entry.move(amount, from: .channels, to: .payable(act.channel.state.payer))
            try session.post(entry)
            try await act.keep(leaf)
            return amount
        }
    }

    /// Closes a channel that its payer agrees to close at what was charged; what is left becomes payable.
    func close(_ agreement: CloseChannel, signature: Signature) async throws -> Amount {
        try await act(agreement, on: agreement.channelID, signature: signature) { act, session in
            let charged = agreement.charged
            let returned = try refusing { () throws(ChannelRefusal) in
                try act.channel.state.close(agreement, now: session.state.time)
            }
            let leaf = try await end(act.channel, returning: returned, charged: charged, act.store, &session)
            try await act.keep(leaf)
            return returned
        }
    }

    /// Begins the close of a channel on the service's own behalf, as the admin ordered by a commitment to it.
    func beginClose(_ commitment: Bytes32, _ opening: CommitmentOpening?, _ session: inout LogSession) async throws {
        guard let opening, opening.commitment == commitment else {
            throw Refusal(
                422, "act/opening", "The act names a channel by a commitment; send the id and salt that open it.")
        }
        let store = ChannelStore(session.transaction)
        guard var channel = try await store.channel(opening.channelID) else {
            throw Refusal(404, "channel/unknown", "There is no channel \(opening.channelID).")
        }
        let now = session.state.time
        let begins = try refusing { () throws(ChannelRefusal) in
            try channel.state.beginClose(now: now, challengeWindow: admission.challengeWindow)
        }
        guard begins, let closesAt = channel.state.closesAt else {
            throw Refusal(409, "channel/closing", "The channel is closing already.")
        }
        try await store.write(channel, at: now)
        channels.forget([channel.state.id])
        channelsNotDueBefore = 0
        let named = Charge.commitment(to: channel.state.id, salt: session.state.salt(of: session.nextIndex))
        session.append(LogBody.closing(commitment: named, cause: .service, closesAt: closesAt, statement: .zero))
    }

    /// Ends channels whose close was requested and whose window is over.
    func closeChannels(due: UInt64) async throws {
        try await commit(at: due) { session in
            let store = ChannelStore(session.transaction)
            for var channel in try await store.closing(by: due, limit: 1_000) {
                let charged = try channel.state.charged
                let returned = try channel.state.close()
                _ = try await end(channel, returning: returned, charged: charged, store, &session)
            }
        }
        channelsNotDueBefore = 0
    }

    private func end(
        _ channel: StoredChannel, returning returned: Amount, charged: Amount, _ store: ChannelStore,
        _ session: inout LogSession
    ) async throws -> LogLeaf {
        let id = channel.state.id
        let commitment = Charge.commitment(to: id, salt: session.state.salt(of: session.nextIndex))
        let leaf = session.append(LogBody.close(commitment: commitment, charged: charged, returned: returned))
        var entry = EntryDraft(.close, reference: "close:\(id.hex)")
        try entry.move(returned, from: .channels, to: .payable(channel.state.payer))
        try session.post(entry)
        channels.forget([id])
        try await store.write(channel, at: session.state.time)
        return leaf
    }

    /// Runs an act that the payer of a channel signed.
    private func act<Statement: TypedStatement, Value: Sendable>(
        _ statement: Statement, on id: Bytes32, signature: Signature,
        _ body: (inout ChannelAct, inout LogSession) async throws -> Value
    ) async throws -> Value {
        let digest = domain.digest(of: statement)
        // Before the writer's turn, which strangers must not take: a channel's payer never changes.
        guard let signer = try? signature.recover(digest), try await payer(of: id) == signer else {
            throw Self.notThePayer
        }
        return try await write { session in
            let store = ChannelStore(session.transaction)
            guard let channel = try await store.channel(id), channel.state.payer == signer else {
                throw Self.notThePayer
            }
            var act = ChannelAct(
                channel: channel, store: store, digest: digest,
                commitment: Charge.commitment(to: id, salt: session.state.salt(of: session.nextIndex)),
                statement: ChannelStatement(statement, signature: signature))
            let value = try await body(&act, &session)
            channels.forget([id])
            return value
        }
    }

    private func payer(of id: Bytes32) async throws -> Address? {
        if let known = channels.channels([id])[id] { return known.state.payer }
        return try await read { try await ChannelStore($0).channel(id)?.state.payer }
    }

    private static var notThePayer: Refusal {
        Refusal(404, "channel/unknown", "There is no such channel, or its payer did not sign.")
    }

    private func refusing<Value>(_ body: () throws(ChannelRefusal) -> Value) throws(Refusal) -> Value {
        do {
            return try body()
        } catch {
            let status =
                switch error {
                case .closed: 410
                case .zeroAddress, .lane: 422
                default: 409
                }
            throw Refusal(status, error.code, error.detail)
        }
    }
}

/// One act on a channel, while it is decided.
private struct ChannelAct {
    var channel: StoredChannel
    let store: ChannelStore
    /// What the payer signed.
    let digest: Bytes32
    /// The channel as the next leaf names it.
    let commitment: Bytes32
    let statement: ChannelStatement

    /// Keeps what the payer signed, with the leaf that logs it.
    func keep(_ leaf: LogLeaf) async throws {
        try await store.keep(statement, channel: channel.number, logIndex: leaf.index)
    }
}
