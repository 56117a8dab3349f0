public import Channels
import Primitives

/// What a wallet gave back to a service that had lost it.
public struct RestorationOutcome: Sendable {
    /// The payments that are charged again.
    public let restored: [PaidItem]
    /// Those that are not, with the service's reason: their messages were published, or not, for nothing.
    public let refused: [(paid: PaidItem, code: String, detail: String)]
}

extension WalletChannel {
    /// The newest rollback of the log that took away what this wallet knew, and that it has not looked after.
    public var unansweredRollback: LoggedRollback? {
        service.rollbacks.last { $0.rollback.time > record.rollback && record.logSize > $0.index }
    }

    /// Refuses to go on where the service lost what this wallet holds. What it pays next would stand before what is to be
    /// restored.
    func checkStanding() throws {
        if let rollback = unansweredRollback { throw WalletChannelError.rolledBack(rollback) }
        // A rollback that took nothing away from this wallet never will.
        if let newest = service.rollbacks.last, newest.rollback.time > record.rollback {
            var next = record
            next.rollback = newest.rollback.time
            try commit(next)
        }
    }

    /// Gives the service back what it lost: each voucher that it gave a receipt for, with that receipt, in order. Then takes
    /// up what it says of the channel. Does nothing where nothing was lost.
    ///
    /// What has no answer yet is sent afterwards, as at any other time; where the service had charged it, it is charged now.
    public func restore(now: UInt64) async throws -> RestorationOutcome {
        try await requests.withLock {
            guard let rollback = unansweredRollback else { return RestorationOutcome(restored: [], refused: []) }
            var restored: [PaidItem] = []
            var refused: [(paid: PaidItem, code: String, detail: String)] = []
            for lost in try storage.lost(by: rollback, record: record) {
                let proof = ChargeProof(receipt: lost.paid.receipt, salt: lost.paid.salt)
                switch try await service.restore(lost.voucher, proofs: [proof]) {
                case .restored(let proofs):
                    let paid = try await checked(proofs, for: lost)
                    try storage.save(paid, voucher: lost.voucher, record: record)
                    restored.append(paid)
                case .refused(let code, let detail):
                    refused.append((lost.paid, code, detail))
                }
            }
            try await goOn(after: rollback, now: now)
            return RestorationOutcome(restored: restored, refused: refused)
        }
    }

    /// Checks that a new receipt is for the charge that was lost, under a head that stands.
    private func checked(_ proofs: [ChargeProof], for lost: LostPayment) async throws -> PaidItem {
        guard let proof = proofs.first, proofs.count == 1 else {
            throw PaymentError.count(expected: 1, found: proofs.count)
        }
        do throws(ReceiptRefusal) {
            try await service.check(proof.receipt.head)
            try service.checkContents(
                of: proof.receipt, salt: proof.salt, item: lost.paid.item, channelID: record.channelID)
            guard proof.receipt.charge == lost.paid.receipt.charge,
                service.rollbacks.withdrawing(proof.receipt.head.head) == nil
            else { throw ReceiptRefusal.otherEnvelope }
        } catch {
            throw PaymentError.receipt(error)
        }
        return PaidItem(item: lost.paid.item, receipt: proof.receipt, salt: proof.salt)
    }

    /// Takes up the channel as the service has it after a rollback. Vouchers without an answer stay undecided.
    private func goOn(after rollback: LoggedRollback, now: UInt64) async throws {
        let account = try await service.account(query(now))
        let (head, _) = try await service.growth(from: 0)
        do {
            try await service.check(head)
        } catch {
            throw PaymentError.receipt(error)
        }
        var next = record
        do throws(LaneClaimRefusal) {
            try next.rollBack(to: account.lanes, by: rollback)
        } catch {
            let evidence = ServiceEvidence(reason: "\(error)", record: record, time: now, account: account)
            throw WalletChannelError.claim(error, evidence: try storage.keep(evidence))
        }
        next.head = head
        next.logSize = head.head.size
        try commit(next)
        self.account = nil
    }
}
