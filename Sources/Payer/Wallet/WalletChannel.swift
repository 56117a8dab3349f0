public import Channels
public import Primitives

/// A channel of a wallet: pays so that no crash, lost answer or old backup makes it sign twice with one sequence, lower
/// a ceiling or pass a limit.
///
/// What is about to be sent is on the disk first. What has no answer is sent again, the same bytes, before anything else
/// is signed; only its answer lets a lane go on. Before the first signature the service is asked what it holds, so that a
/// wallet that was restored from a backup goes on from there.
///
/// One request is under way at a time. Time comes in as an argument.
public actor WalletChannel {
    /// What is known of the channel; it is on the disk.
    public private(set) var record: ChannelRecord
    /// What the service said when it was asked last, `nil` before.
    public internal(set) var account: ChannelAccount?
    /// What was wrong then with lanes that are not this wallet's.
    private var doubts: [LaneClaimRefusal] = []
    let key: SecretKey
    let service: any ChannelService
    let storage: any WalletStorage
    let requests = AsyncMutex()

    /// Goes on from a record.
    public init(
        record: ChannelRecord, key: SecretKey, service: any ChannelService, storage: any WalletStorage
    ) throws(WalletChannelError) {
        guard service.genesis == record.genesis else {
            throw .otherLog(expected: record.genesis.logID, found: service.genesis.logID)
        }
        guard key.address == record.signer else { throw .otherKey(expected: record.signer, found: key.address) }
        self.record = record
        self.key = key
        self.service = service
        self.storage = storage
    }

    /// Sends again what has no answer, on every lane, and returns what became of it.
    public func finish(now: UInt64) async throws -> [PaymentOutcome] {
        try await requests.withLock {
            try checkStanding()
            return try await resend(now: now)
        }
    }

    /// Asks the service for the channel's state and the log's growth, checks both against what is known, and goes on from
    /// there. Returns what is doubtful on lanes of other signers.
    @discardableResult
    public func synchronize(now: UInt64) async throws -> [LaneClaimRefusal] {
        try await requests.withLock {
            try checkStanding()
            _ = try await resend(now: now)
            return try await compare(now: now)
        }
    }

    /// Pays for messages on a lane, a voucher each, at most ``VouchersBody/countMax``; all or none is signed.
    ///
    /// Throws where nobody knows what became of them: asking for anything again first finds that out.
    public func pay(
        _ items: [Item], lane: UInt32, validUntil: UInt64, now: UInt64
    ) async throws -> [PaymentOutcome] {
        precondition((1...VouchersBody.countMax).contains(items.count), "a request holds 1 to 256 vouchers")
        return try await requests.withLock {
            try checkStanding()
            _ = try await resend(now: now)
            if account == nil { _ = try await compare(now: now) }
            var next = record
            let vouchers: [SignedVoucher]
            do throws(SigningRefusal) {
                vouchers = try next.sign(
                    items, lane: lane, validUntil: validUntil, day: UTCDay(containing: now), key: key)
            } catch {
                throw WalletChannelError.signing(error)
            }
            if let account { try check(vouchers, lane: lane, against: account, now: now) }
            try commit(next)
            return try await exchange(vouchers, lane: lane, again: nil)
        }
    }

    /// A page of a lane's charges from one of them back, each checked down to the log key's signature on its head.
    public func charges(lane: UInt32, from: UInt64?, now: UInt64) async throws -> ChargePage {
        let page = try await service.charges(query(now), lane: lane, from: from)
        var checked: Set<SignedHead> = []
        do {
            for charge in page.charges {
                let receipt = charge.receipt
                if checked.insert(receipt.head).inserted { try await service.check(receipt.head) }
                try receipt.checkPath(logID: record.genesis.logID)
                guard receipt.charge.commitment == Charge.commitment(to: record.channelID, salt: charge.salt) else {
                    throw ReceiptRefusal.otherEnvelope
                }
            }
        } catch let refusal as ReceiptRefusal {
            throw PaymentError.receipt(refusal)
        }
        return page
    }

    /// Changes what the owner decides, and writes it.
    public func change(_ body: (inout ChannelRecord) throws -> Void) async throws {
        try await requests.withLock {
            var next = record
            try body(&next)
            try commit(next)
        }
    }

    /// Forgets what the service said: something happened that it will know of.
    public func forgetAccount() {
        account = nil
    }

    /// A question about the channel, signed with this wallet's key for about `now`.
    public func query(_ now: UInt64) -> SignedQuery {
        SignedQuery(channelID: record.channelID, time: now, key: key, domain: record.genesis.domain)
    }

    func commit(_ next: ChannelRecord) throws {
        guard next != record else { return }
        try storage.write(next)
        record = next
    }

    private func resend(now: UInt64) async throws -> [PaymentOutcome] {
        var outcomes: [PaymentOutcome] = []
        for (lane, state) in record.lanes.sorted(by: { $0.key < $1.key }) {
            var rest = state.signer.pending[...]
            while !rest.isEmpty {
                outcomes += try await exchange(
                    Array(rest.prefix(VouchersBody.countMax)), lane: lane, again: now)
                rest = rest.dropFirst(VouchersBody.countMax)
            }
        }
        return outcomes
    }

    /// Refuses what the service would have to refuse, before it costs a sequence.
    private func check(
        _ vouchers: [SignedVoucher], lane: UInt32, against account: ChannelAccount, now: UInt64
    ) throws {
        if let doubt = doubts.first(where: { $0.lane == lane }) {
            let evidence = ServiceEvidence(reason: "\(doubt)", record: record, time: now, account: account)
            throw WalletChannelError.claim(doubt, evidence: try storage.keep(evidence))
        }
        guard ![ChannelStage.closing.rawValue, ChannelStage.closed.rawValue].contains(account.stage) else {
            throw WalletChannelError.over(stage: account.stage)
        }
        guard let newest = vouchers.last?.voucher else { return }
        do throws(VoucherRefusal) {
            let authority = account.signers.first { $0.signer == record.signer }?.authority
            try authority?.check(newest, earliest: now)
        } catch {
            throw WalletChannelError.authority(error)
        }
        let lacking = try account.lacking(for: newest.cumulativeAmount, on: lane)
        guard lacking == .zero else { throw WalletChannelError.funds(lacking: lacking) }
    }

    /// Sends vouchers that are on the disk and notes what became of them. `again` is the time where they may have been sent
    /// before: then a refusal alone does not tell that they were not charged.
    private func exchange(
        _ vouchers: [SignedVoucher], lane: UInt32, again: UInt64?
    ) async throws -> [PaymentOutcome] {
        let answer = try await service.send(vouchers)
        guard answer.results.count == vouchers.count else {
            throw PaymentError.count(expected: vouchers.count, found: answer.results.count)
        }
        do {
            try await service.check(answer.head)
        } catch {
            throw PaymentError.receipt(error)
        }
        var next = record
        var outcomes: [PaymentOutcome] = []
        for (voucher, result) in zip(vouchers, answer.results) {
            let item = voucher.items[0]
            switch result {
            case .charged(let charges):
                let paid = try check(charges, answer.head, for: item)
                try note(paid, by: voucher, in: &next)
                outcomes.append(.paid(paid))
            case .refused(let status, let code, let detail):
                if let again, let paid = try await findCharge(of: voucher, now: again) {
                    try note(paid, by: voucher, in: &next)
                    outcomes.append(.paid(paid))
                } else {
                    next.refused(item.envelopeHash, on: lane)
                    outcomes.append(.refused(status: Int(status), code: code, detail: detail))
                }
            }
        }
        if next.pending.isEmpty { next.logSize = max(next.logSize, answer.head.head.size) }
        try commit(next)
        // After a refusal it is asked anew: the service may know of something that this wallet does not.
        account = outcomes.allSatisfy(\.isPaid) ? try account?.replacing(next.signer(on: lane).claim) : nil
        return outcomes
    }

    private func note(_ paid: PaidItem, by voucher: SignedVoucher, in next: inout ChannelRecord) throws {
        try storage.save(paid, voucher: voucher, record: record)
        try next.charged(
            paid.item.envelopeHash, on: voucher.voucher.lane, try paid.receipt.charge.price.total,
            isNew: paid.receipt.leaf.index >= record.logSize)
    }

    func check(
        _ charges: [VoucherFrames.Charged], _ head: SignedHead, for item: Item
    ) throws -> PaidItem {
        guard let charge = charges.first, charges.count == 1 else {
            throw PaymentError.count(expected: 1, found: charges.count)
        }
        let receipt: Receipt
        do {
            receipt = try Receipt(charge, head: head)
            try service.checkContents(of: receipt, salt: charge.salt, item: item, channelID: record.channelID)
        } catch {
            throw PaymentError.receipt(error)
        }
        guard try receipt.charge.price.total <= item.maxFee else {
            throw PaymentError.overcharged(envelopeHash: item.envelopeHash)
        }
        return PaidItem(item: item, receipt: receipt, salt: charge.salt)
    }
}

extension WalletChannel {
    /// Looks for the charge of a voucher that was refused when it was sent again, though it may have been charged the first
    /// time: it is not valid for long enough any more, or its signer was revoked since.
    private func findCharge(of voucher: SignedVoucher, now: UInt64) async throws -> PaidItem? {
        let item = voucher.items[0]
        let account = try await service.account(query(now))
        let lane = voucher.voucher.lane
        guard let claim = account.lanes.first(where: { $0.lane == lane }),
            claim.sequence >= voucher.voucher.sequence
        else { return nil }
        var from: UInt64?
        while true {
            let page = try await charges(lane: lane, from: from, now: now)
            if let found = page.charges.first(where: { $0.receipt.charge.envelopeHash == item.envelopeHash }) {
                return PaidItem(item: item, receipt: found.receipt, salt: found.salt)
            }
            // What stands in the log before it was signed was not charged by it.
            guard let next = page.next, let oldest = page.charges.last?.receipt,
                oldest.leaf.index >= record.logSize, next < oldest.charge.number
            else { return nil }
            from = next
        }
    }

    private func compare(now: UInt64) async throws -> [LaneClaimRefusal] {
        let account = try await service.account(query(now))
        var next = record
        let doubts: [LaneClaimRefusal]
        do throws(LaneClaimRefusal) {
            doubts = try next.adopt(account.lanes).doubts
        } catch {
            let evidence = ServiceEvidence(reason: "\(error)", record: record, time: now, account: account)
            throw WalletChannelError.claim(error, evidence: try storage.keep(evidence))
        }
        next.head = try await follow(now: now)
        next.logSize = max(next.logSize, next.head?.head.size ?? 0)
        try commit(next)
        self.account = account
        self.doubts = doubts
        return doubts
    }

    /// The log's newest head, once it proved to continue the one that this wallet knows.
    private func follow(now: UInt64) async throws -> SignedHead? {
        let genesis = record.genesis
        let known = record.head
        let head: SignedHead
        let proof: [Bytes32]
        do {
            (head, proof) = try await service.growth(from: known?.head.size ?? 0)
        } catch ClientError.problem(let problem) where problem.code == "log/size" {
            let reason = "The service's log is shorter than one that it signed before: it may run on an old backup."
            let evidence = ServiceEvidence(reason: reason, record: record, time: now, heads: known.map { [$0] } ?? [])
            throw WalletChannelError.log(reason, evidence: try storage.keep(evidence))
        }
        do {
            try await service.check(head)
        } catch {
            throw PaymentError.receipt(error)
        }
        guard let known else { return head }
        let isGrown: Bool
        if HeadEvidence(known, head) != nil {
            isGrown = false
        } else {
            isGrown = MerkleLog.isConsistent(
                oldSize: known.head.size, oldRoot: known.head.root, newSize: head.head.size, newRoot: head.head.root,
                proof: proof)
        }
        guard isGrown, head.head.logID == genesis.logID else {
            let reason =
                "The service's log did not grow out of the one that it showed before: it hides or rewrites entries."
            let evidence = ServiceEvidence(reason: reason, record: record, time: now, heads: [known, head])
            throw WalletChannelError.log(reason, evidence: try storage.keep(evidence))
        }
        return head
    }
}
