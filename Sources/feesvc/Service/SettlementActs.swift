import Channels
import Ledger
import Primitives
import Storage

extension FeeService {
    /// Credits a deposit that the settlement confirmed. A reference counts once.
    func credit(_ deposit: Deposit, signature: Signature) async throws {
        guard isSettled(deposit, by: signature) else {
            throw Refusal(401, "settlement/signature", "The settlement key did not sign this deposit.")
        }
        let statement = SettlementStatement(
            kind: .deposit, reference: deposit.reference, subject: deposit.channelID.bytes, amount: deposit.amount,
            signature: signature)
        try await settle(statement) { session in
            let channels = ChannelStore(session.transaction)
            var channel = try await funded(deposit.channelID, channels, at: session.state.time)
            let salt = session.state.salt(of: session.nextIndex)
            let leaf = session.append(
                LogBody.deposit(
                    commitment: Charge.commitment(to: channel.state.id, salt: salt), amount: deposit.amount,
                    reference: deposit.reference))
            var entry = EntryDraft(.deposit, reference: "deposit:\(deposit.reference.hex)")
            switch try channel.state.credit(deposit: deposit.amount, minimum: terms.minimumDeposit) {
            case .channel:
                try entry.move(deposit.amount, from: .custody, to: .channels)
                try await channels.write(channel, at: session.state.time)
                self.channels.forget([channel.state.id])
            // A closed channel takes nothing any more: the money is the payer's to have paid out.
            case .payable: try entry.move(deposit.amount, from: .custody, to: .payable(channel.state.payer))
            }
            try session.post(entry)
            return leaf
        }
    }

    /// The channel that money has come for; its opening becomes a channel with the first.
    private func funded(_ id: Bytes32, _ channels: ChannelStore, at time: UInt64) async throws -> StoredChannel {
        if let channel = try await channels.channel(id) { return channel }
        guard let opening = try await channels.opening(id) else {
            throw Refusal(
                404, "settlement/unknown-channel",
                "There is no channel \(id): its opening has to be posted before money comes for it.")
        }
        return try await channels.begin(opening, id: id, at: time)
    }

    /// Credits an operator's stake that the settlement confirmed.
    func credit(_ stake: StakeDeposit, signature: Signature) async throws {
        guard isSettled(stake, by: signature) else {
            throw Refusal(401, "settlement/signature", "The settlement key did not sign this stake.")
        }
        let statement = SettlementStatement(
            kind: .stake, reference: stake.reference, subject: stake.operatorAddress.bytes, amount: stake.amount,
            signature: signature)
        try await settle(statement) { session in
            let leaf = session.append(
                LogBody.stake(
                    operatorAddress: stake.operatorAddress, amount: stake.amount, reference: stake.reference))
            var entry = EntryDraft(.stake, reference: "stake:\(stake.reference.hex)")
            try entry.move(stake.amount, from: .custody, to: .stake(stake.operatorAddress))
            try session.post(entry)
            return leaf
        }
    }

    /// Puts money that somebody gave into the open epoch's pool.
    func credit(_ grant: Grant, signature: Signature) async throws {
        guard isSettled(grant, by: signature) else {
            throw Refusal(401, "settlement/signature", "The settlement key did not sign this grant.")
        }
        let statement = SettlementStatement(
            kind: .grant, reference: grant.reference, subject: [], amount: grant.amount, signature: signature)
        try await settle(statement) { session in
            let leaf = session.append(grant.leaf)
            let epoch = session.state.openEpoch
            var entry = EntryDraft(.grant, reference: "grant:\(grant.reference.hex)")
            try entry.move(grant.amount, from: .custody, to: .pool(epoch))
            try session.post(entry)
            try await EpochStore(session.transaction).add(grant: grant.amount, to: epoch)
            return leaf
        }
    }

    /// Marks what was payable as paid out by the settlement.
    func paid(_ payout: Payout, signature: Signature) async throws {
        guard isSettled(payout, by: signature) else {
            throw Refusal(401, "settlement/signature", "The settlement key did not sign this payout.")
        }
        let unit = settlementUnit
        let statement = SettlementStatement(
            kind: .payout, reference: payout.reference, subject: payout.account.bytes, amount: payout.amount,
            signature: signature)
        try await settle(statement) { session in
            guard payout.amount.units.isMultiple(of: unit) else {
                throw Refusal(
                    422, "settlement/scale", "A payout is a multiple of \(unit): the settlement has fewer decimals.")
            }
            let payable = try await NodeStore(session.transaction).balance(of: .payable(payout.account))
            guard payout.amount <= payable else {
                throw Refusal(409, "settlement/not-payable", "\(payable) is payable to \(payout.account), not more.")
            }
            let leaf = session.append(
                LogBody.payout(account: payout.account, amount: payout.amount, reference: payout.reference))
            var entry = EntryDraft(.payout, reference: "payout:\(payout.reference.hex)")
            try entry.move(payout.amount, from: .payable(payout.account), to: .custody)
            try session.post(entry)
            return leaf
        }
    }

    /// Counts a statement of the settlement key once. What is refused for good stays refused under its reference, also
    /// with other contents: a sender that got an answer knows it is final. `body` refuses before it changes anything.
    private func settle(
        _ statement: SettlementStatement, _ body: (inout LogSession) async throws -> LogLeaf
    ) async throws {
        let refusal: Refusal? = try await write { session in
            do {
                guard try await statement.isNew(in: session) else { return nil }
                let leaf = try await body(&session)
                try await statement.keep(in: &session, leaf: leaf)
                return nil
            } catch let refusal as Refusal where SettlementStatement.isFinal(refusal) {
                try await statement.refuse(refusal, in: session)
                return refusal
            }
        }
        if let refusal { throw refusal }
    }

    /// How many ledger units one settlement unit has.
    nonisolated var settlementUnit: UInt128 {
        (genesis.settlementScale..<genesis.ledgerScale).reduce(1) { unit, _ in unit * 10 }
    }
}

/// A statement of the settlement key that counts once by its reference.
private struct SettlementStatement {
    let kind: SettlementStore.Kind
    let reference: Bytes32
    let subject: [UInt8]
    let amount: Amount
    let signature: Signature

    /// Tells whether it was not counted before; a reference that was used for something else, or refused before, is
    /// refused.
    func isNew(in session: LogSession) async throws -> Bool {
        let store = SettlementStore(session.transaction)
        if let refused = try await store.refusal(of: reference) {
            throw Refusal(refused.status, refused.code, refused.detail)
        }
        guard amount > .zero else {
            throw Refusal(422, "settlement/nothing", "A statement moves more than nothing.")
        }
        guard let known = try await store.recorded(reference) else {
            let before = try await store.everConfirmed()
            if kind != .payout, (try? before.adding(amount)) == nil {
                throw Refusal(422, "settlement/overflow", "All that was ever confirmed must stay below 2^128 units.")
            }
            return true
        }
        guard known.kind == kind, known.subject == subject, known.amount == amount else {
            throw Refusal(409, "settlement/reference", "Reference \(reference) was used for something else.")
        }
        return false
    }

    /// Whether a refusal is the last word on a reference. A channel may be opened yet, and a reference that counted can't be
    /// refused any more.
    static func isFinal(_ refusal: Refusal) -> Bool {
        refusal.code != "settlement/unknown-channel" && refusal.code != "settlement/reference"
    }

    /// Remembers why it was refused.
    func refuse(_ refusal: Refusal, in session: LogSession) async throws {
        let store = SettlementStore(session.transaction)
        // Money that counted under the reference stays counted.
        guard try await store.recorded(reference) == nil else { return }
        try await store.refuse(
            kind, reference: reference, subject: subject, amount: amount, signature: signature,
            RefusedReference(status: refusal.status, code: refusal.code, detail: refusal.detail),
            at: session.state.time)
    }

    /// Remembers it with the leaf that logs it.
    func keep(in session: inout LogSession, leaf: LogLeaf) async throws {
        try await session.writeLeaves()
        try await SettlementStore(session.transaction).record(
            kind, reference: reference, subject: subject, amount: amount, signature: signature, logIndex: leaf.index)
    }
}
