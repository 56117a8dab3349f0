import Channels
import Node
import Primitives
import Rewards

/// Canonical bytes: what is signed, logged and sent.
let canonicalTargets: [FuzzTarget] = [
    FuzzTarget("receipt", seeds: Seeds.receipts, run: testReceipt),
    FuzzTarget("head", seeds: { try Seeds.forms("head") }) {
        canonical($0, LogHead.init(canonicalBytes:), \.canonicalBytes)
    },
    FuzzTarget("leaf", seeds: { try Seeds.forms("leaf") }) {
        guard let leaf = canonical($0, LogLeaf.init(canonicalBytes:), \.canonicalBytes) else { return }
        testBody(leaf.body)
        guard (try? leaf.charge()) != nil else { return }
        require((try? leaf.origin()) != nil, "a charge has no origin")
    },
    FuzzTarget(
        "body",
        seeds: {
            try Seeds.forms(
                "genesis", "schedule", "charge", "midnight", "node", "signed", "cut", "void", "postage", "result",
                "attestation", "restored", "books")
        }, run: testBody),
    FuzzTarget("charge", seeds: { try Seeds.forms("charge") }, run: testCharge),
    FuzzTarget("genesis", seeds: { try Seeds.forms("genesis") }, run: testGenesis),
    FuzzTarget("schedule", seeds: { try Seeds.forms("schedule") }, run: testSchedule),
    FuzzTarget("node", seeds: { try Seeds.forms("node") }) { testNode($0) },
    FuzzTarget("result", seeds: { try Seeds.forms("result") }, run: testResult),
    FuzzTarget("welcome", seeds: { try Seeds.forms("welcome") }, run: testWelcome),
    FuzzTarget("envelope-head", seeds: { try Seeds.forms("envelope") }) {
        canonical($0, EnvelopeHead.init(canonicalBytes:), \.canonicalBytes)
    },
    FuzzTarget("membership", seeds: { try Seeds.forms("membership", "member-list") }, run: testMembership),
    FuzzTarget("authored", seeds: { try Seeds.forms("authored") }, run: testAuthored),
    FuzzTarget("event", seeds: { try Seeds.forms("event") }, run: testEvent),
    FuzzTarget("acknowledgement", seeds: { try Seeds.forms("acknowledgement") }) {
        canonical($0, Acknowledgement.init(canonicalBytes:), \.canonicalBytes)
    },
    FuzzTarget("observation", seeds: { try Seeds.forms("observation") }) {
        canonical($0, Observation.init(canonicalBytes:), \.canonicalBytes)
    },
    FuzzTarget("delivered", seeds: { try Seeds.forms("delivered") }, run: testDelivered),
    FuzzTarget("act", seeds: { try Seeds.forms("act") }) {
        canonical($0, AdminAct.init(canonicalBytes:), \.canonicalBytes)
    },
]

@Sendable func testReceipt(_ bytes: [UInt8]) {
    guard let receipt = canonical(bytes, Receipt.init(canonicalBytes:), \.canonicalBytes) else { return }
    require((try? receipt.leaf.charge()) == receipt.charge, "a receipt's charge is not its leaf's")
    let logID = receipt.head.head.logID
    let root = ReferencePath.root(
        of: receipt.leaf.hash, index: receipt.leaf.index, size: receipt.head.head.size, path: receipt.path[...])
    do throws(ReceiptRefusal) {
        try receipt.checkPath(logID: logID)
        require(root == receipt.head.head.root, "a path was believed that does not lead to the root")
    } catch {
        require(error == .path && root != receipt.head.head.root, "a good path was refused: \(error)")
    }
    let domain = EIP712Domain(chainID: .zero, verifyingContract: .zero)
    try? receipt.check(logID: logID, logKey: .zero, domain: domain)
    _ = try? receipt.charge.price.total
    _ = try? receipt.charge.storagePerDay(acceptedAt: receipt.acceptedAt)
    _ = try? receipt.charge.unspentStorage(acceptedAt: receipt.acceptedAt, after: receipt.charge.expiryDay)
}

/// Reads the body of a leaf, whichever kind its tag names.
private func testBody(_ bytes: [UInt8]) {
    testCharge(bytes)
    testRestored(bytes)
    testGenesis(bytes)
    testSchedule(bytes)
    testNode(bytes)
    testResult(bytes)
    canonical(bytes, LogBody.readBooks) { LogBody.books(epoch: $0.epoch, entry: $0.entry, hash: $0.hash).body }
    canonical(bytes, Midnight.init(canonicalBytes:), \.canonicalBytes)
    canonical(bytes, Cut.init(canonicalBytes:), \.canonicalBytes)
    canonical(bytes, VoidedCharge.init(canonicalBytes:), \.canonicalBytes)
    canonical(bytes, PostageDecision.init(canonicalBytes:), \.canonicalBytes)
    canonical(bytes, LogBody.readAttestation) {
        LogBody.attestation(epoch: $0.epoch, operatorAddress: $0.operatorAddress, signature: $0.signature).body
    }
    let signed = canonical(bytes, LogBody.readSigned) { LogBody.signed(.act, $0.0, $0.1).body }
    guard let inner = signed?.0 else { return }
    if let act = canonical(inner, AdminAct.init(canonicalBytes:), \.canonicalBytes), case .rollback = act.order {
        testRollback(act.order.body)
    }
    canonical(inner, Observation.init(canonicalBytes:), \.canonicalBytes)
    testDelivered(inner)
}

private func testCharge(_ bytes: [UInt8]) {
    guard let charge = canonical(bytes, Charge.init(canonicalBytes:), \.canonicalBytes) else { return }
    _ = charge.expiryDay.description
    _ = try? charge.unspentStorage(acceptedAt: charge.publishBy, after: UTCDay(number: charge.schedule))
}

private func testGenesis(_ bytes: [UInt8]) {
    guard let genesis = canonical(bytes, Genesis.init(canonicalBytes:), \.canonicalBytes) else { return }
    let clock = genesis.epochs
    for epoch in [0, 1, 2, UInt64(genesis.ruleset), .max] {
        require(clock.beginning(of: epoch) <= clock.edge(of: epoch), "epoch \(epoch) ends before it begins")
        require(clock.edge(of: epoch) <= clock.deliveryCut(of: epoch), "epoch \(epoch) is cut before it ends")
    }
    require(clock.publishBy(acceptedAt: genesis.start) >= genesis.start, "a charge is late before it is made")
}

private func testSchedule(_ bytes: [UInt8]) {
    guard let schedule = canonical(bytes, FeeSchedule.init(canonicalBytes:), \.canonicalBytes) else { return }
    let day = UTCDay(containing: schedule.effectiveFrom)
    for days in [schedule.retentionDaysMin, schedule.retentionDaysMax] {
        let (expiry, isBeyond) = day.number.addingReportingOverflow(days)
        guard !isBeyond else { continue }
        let item = Item(
            envelopeHash: .zero, bytes: schedule.bytesMax, expiryDay: UTCDay(number: expiry), postage: schedule.postage,
            maxFee: .max)
        _ = try? schedule.price(item, acceptedAt: schedule.effectiveFrom, congestion: 100).total
    }
}

private func testNode(_ bytes: [UInt8]) {
    let domain = EIP712Domain(chainID: .zero, verifyingContract: .zero)
    _ = canonical(bytes, RegisteredNode.init(canonicalBytes:), \.canonicalBytes)?.isSigned(in: domain)
}

private func testResult(_ bytes: [UInt8]) {
    guard let result = canonical(bytes, EpochResult.init(canonicalBytes:), \.canonicalBytes) else { return }
    for row in result.rows {
        require(row.contribution.quality <= Contribution.whole, "a quality is above one whole")
    }
}

private func testWelcome(_ bytes: [UInt8]) {
    guard let welcome = canonical(bytes, Welcome.init(canonicalBytes:), \.canonicalBytes) else { return }
    let domain = EIP712Domain(chainID: .zero, verifyingContract: .zero)
    let charged = Welcome.Charged(payer: .zero, signers: [.zero], held: 1, due: .max)
    _ = try? welcome.decide(charged, domain: domain, now: 0)
}

private func testEvent(_ bytes: [UInt8]) {
    guard let event = canonical(bytes, Event.init(canonicalBytes:), \.canonicalBytes) else { return }
    require(bytes.count <= Event.bytesMax, "an event of \(bytes.count) bytes was read")
    require(event.ancestors.count == Set(event.ancestors).count, "an ancestor is named twice")
}

private func testDelivered(_ bytes: [UInt8]) {
    guard let delivered = canonical(bytes, Delivered.init(canonicalBytes:), \.canonicalBytes) else { return }
    for run in delivered.charges.runs.prefix(64) {
        let contains = delivered.charges.contains
        require(contains(run.first) && contains(run.first + run.count - 1), "a run does not hold its own ends")
        require(!contains(run.first - 1) && !contains(run.first + run.count), "a run holds its neighbours")
    }
}
