import Channels
import Ledger
import Primitives
import Rewards
import Storage

extension FeeService {
    /// Logs a node's signed observation of an ended epoch that is not sealed yet.
    func take(observation body: [UInt8], signature: Signature) async throws {
        let observation = try Self.parse { () throws(CanonicalError) in try Observation(canonicalBytes: body) }
        try await takeSigned(
            .observations, kind: .observation, epoch: observation.epoch, node: observation.observer, body: body,
            digest: domain.digest(of: observation.statement), signature: signature
        ) { $0.endIndex != nil && $0.result == nil }
    }

    /// Logs a node's signed list of the charges that it holds, before the epoch's delivery cut.
    func take(delivered body: [UInt8], signature: Signature) async throws {
        let delivered = try Self.parse { () throws(CanonicalError) in try Delivered(canonicalBytes: body) }
        try await takeSigned(
            .deliveries, kind: .delivered, epoch: delivered.epoch, node: delivered.node, body: body,
            digest: domain.digest(of: delivered.statement), signature: signature
        ) { $0.endIndex != nil && $0.cutIndex == nil }
    }

    private static func parse<Value>(_ body: () throws(CanonicalError) -> Value) throws(Refusal) -> Value {
        do {
            return try body()
        } catch {
            throw Refusal(400, "request/canonical-bytes", "The bytes are not canonical: \(error).")
        }
    }

    private func takeSigned(
        _ statement: EpochStore.Statement, kind: LeafKind, epoch: UInt64, node number: UInt32, body: [UInt8],
        digest: Bytes32, signature: Signature, isInTime: (StoredEpoch) -> Bool
    ) async throws {
        try await write { session in
            let nodes = try await NodeStore(session.transaction).all().map(\.node)
            guard let node = nodes.first(where: { $0.number == number }),
                signature.isBy(node.registration.nodeKey, over: digest)
            else {
                throw Refusal(401, "statement/signature", "Node \(number) did not sign this.")
            }
            let store = EpochStore(session.transaction)
            guard let record = try await store.epoch(epoch), isInTime(record) else {
                throw Refusal(409, "statement/time", "Epoch \(epoch) takes no \(statement.rawValue) now.")
            }
            guard try await !store.signers(of: statement, epoch: epoch).contains(number) else { return }
            let leaf = session.append(LogBody.signed(kind, body, signature))
            try await session.writeLeaves()
            _ = try await store.keep(
                statement, epoch: epoch, node: number, body: body, signature: signature, logIndex: leaf.index)
        }
    }

    /// Seals an ended epoch. Sealed again, it is the same result.
    func seal(_ epoch: UInt64) async throws -> EpochResult {
        try await write { session in try await Self.seal(epoch, &session) }
    }

    /// Seals an ended epoch: computes its result from what is recorded, logs it and splits the pool.
    static func seal(_ epoch: UInt64, _ session: inout LogSession) async throws -> EpochResult {
        let store = EpochStore(session.transaction)
        guard let record = try await store.epoch(epoch), record.endIndex != nil else {
            throw Refusal(409, "epoch/open", "Epoch \(epoch) has not ended.")
        }
        if let result = record.result { return result }
        if epoch > 1, try await store.epoch(epoch - 1)?.result == nil {
            throw Refusal(409, "epoch/order", "Epoch \(epoch - 1) has to be sealed first.")
        }
        let inputs = try await EpochSource(record, session.transaction, session.state).inputs
        let result = try EpochResult.compute(inputs)
        let leaf = session.append(LeafDraft(.result, result.canonicalBytes))
        try await session.writeLeaves()
        try Self.distribute(result, snapshot: inputs.snapshot, &session)
        try await store.seal(result, index: leaf.index)
        try await NodeStore(session.transaction).credit(result.rows)
        return result
    }

    private static func distribute(
        _ result: EpochResult, snapshot: [Participant], _ session: inout LogSession
    ) throws {
        let operators = Dictionary(snapshot.map { ($0.node, $0.operatorAddress) }) { first, _ in first }
        var split = EntryDraft(.distribution, reference: "distribution:\(result.epoch)")
        for row in result.rows {
            guard let address = operators[row.node] else { continue }
            try split.move(row.reward, from: .pool(result.epoch), to: .rewards(address))
        }
        try split.move(result.apps, from: .pool(result.epoch), to: .appShares)
        try split.move(result.protocolIncome, from: .pool(result.epoch), to: .protocolIncome)
        try split.move(result.dust, from: .pool(result.epoch), to: .dust)
        try session.post(split)
        var carry = EntryDraft(.dust, reference: "dust:\(result.epoch)")
        try carry.move(result.dust, from: .dust, to: .pool(result.epoch + 1))
        try session.post(carry)
    }

    /// Takes an operator's signature on a sealed result; returns whether the quorum is reached.
    func attest(epoch: UInt64, operatorAddress: Address, signature: Signature) async throws -> Bool {
        let domain = domain
        return try await write { session in
            let store = EpochStore(session.transaction)
            guard let record = try await store.epoch(epoch), let result = record.result else {
                throw Refusal(409, "epoch/not-sealed", "Epoch \(epoch) is not sealed.")
            }
            let snapshots = try await Self.attestingSnapshots(of: epoch, session)
            guard snapshots.contains(where: { $0.contains { $0.operatorAddress == operatorAddress } }),
                signature.isBy(operatorAddress, over: domain.digest(of: result.attestation))
            else {
                throw Refusal(
                    401, "attestation/signature", "No operator of epoch \(epoch) signed its sealed result here.")
            }
            var signers = try await store.attesters(of: epoch)
            if !signers.contains(operatorAddress) {
                let leaf = session.append(
                    LogBody.attestation(epoch: epoch, operatorAddress: operatorAddress, signature: signature))
                try await session.writeLeaves()
                _ = try await store.keep(
                    attestationOf: operatorAddress, epoch: epoch, signature: signature, logIndex: leaf.index)
                signers.insert(operatorAddress)
            }
            let isReached = try snapshots.contains { try AttestationQuorum.isReached(by: signers, in: $0) }
            if isReached { try await store.attest(epoch, at: session.state.time) }
            return isReached
        }
    }

    /// The open epoch, and the sealed ones that an operator has still to sign: those in whose quorum its node counts, of
    /// which the quorum is not reached or the signature still counts for the operator's quality.
    func attestationsDue(from operatorAddress: Address) async throws -> (open: UInt64, due: [UInt64]) {
        let clock = genesis.epochs
        return try await read { transaction in
            let store = EpochStore(transaction)
            guard let open = try await store.open() else { throw StorageCorruption("no epoch is open") }
            let nodes = try await NodeStore(transaction).all()
            guard let node = nodes.first(where: { $0.node.registration.operatorAddress == operatorAddress }) else {
                return (open.number, [])
            }
            let sealed = try await store.unsigned(
                by: operatorAddress, openFrom: open.firstIndex, limit: Self.attestationsDueMax)
            return (
                open.number,
                sealed.filter {
                    node.isMember(of: $0, clock)
                        || AttestationQuorum.isLate($0, in: open.number) && node.isMember(of: open.number, clock)
                }
            )
        }
    }

    /// So many epochs at a time are named to an operator.
    private static let attestationsDueMax = 100

    /// Whose quorum attests a result: its epoch's snapshot, and after two epochs also that of the epoch that is open.
    private static func attestingSnapshots(
        of epoch: UInt64, _ session: LogSession
    ) async throws -> [[Participant]] {
        let clock = session.state.genesis.epochs
        let open = session.state.openEpoch
        let nodes = NodeStore(session.transaction)
        var snapshots = [try await nodes.snapshot(of: epoch, clock)]
        if AttestationQuorum.isLate(epoch, in: open) {
            snapshots.append(try await nodes.snapshot(of: open, clock))
        }
        return snapshots
    }

    /// Pays a claim into the payout account's payable: what the proved amount exceeds what was claimed before.
    func pay(_ claim: RewardClaim) async throws -> Amount {
        // Before the writer's turn, which a bad claim and a replay must not take.
        guard try await read({ try await Self.decide(claim, $0).amount }) > .zero else { return .zero }
        return try await write { session in
            let (amount, operatorAddress) = try await Self.decide(claim, session.transaction)
            guard amount > .zero else { return .zero }
            let leaf = session.append(
                LogBody.claim(
                    epoch: claim.epoch, node: claim.node, payout: claim.payout, cumulative: claim.cumulative,
                    paid: amount))
            try await session.writeLeaves()
            var entry = EntryDraft(.claim, reference: "claim:\(leaf.index)")
            try entry.move(amount, from: .rewards(operatorAddress), to: .payable(claim.payout))
            try session.post(entry)
            try await NodeStore(session.transaction).record(
                claim, paid: amount, logIndex: leaf.index, inEpoch: session.state.openEpoch)
            return amount
        }
    }

    private static func decide(
        _ claim: RewardClaim, _ transaction: Transaction
    ) async throws -> (amount: Amount, operatorAddress: Address) {
        guard let record = try await EpochStore(transaction).epoch(claim.epoch), let result = record.result else {
            let refusal = ClaimRefusal.unknownEpoch(claim.epoch)
            throw Refusal(404, refusal.code, refusal.detail)
        }
        guard let node = try await NodeStore(transaction).all().first(where: { $0.node.number == claim.node }) else {
            throw Refusal(422, ClaimRefusal.proof.code, ClaimRefusal.proof.detail)
        }
        do throws(ClaimRefusal) {
            let amount = try claim.decide(
                root: result.root, isAttested: record.attestedAt != nil, claimedBefore: node.claimed)
            return (amount, node.node.registration.operatorAddress)
        } catch {
            throw Refusal(error == .proof ? 422 : 409, error.code, error.detail)
        }
    }
}
