import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Rewards

@testable import feesvc

/// Bodies of HTTP requests and answers.
let jsonTargets: [FuzzTarget] = [
    FuzzTarget("vouchers-json", memory: .json, seeds: voucherSeeds, run: testVouchers),
    FuzzTarget("voucher-frames", seeds: frameSeeds, run: testFrames),
    FuzzTarget("requests-json", memory: .json, seeds: requestSeeds, run: testRequests),
    FuzzTarget("answers-json", memory: .json, seeds: answerSeeds, run: testAnswers),
    FuzzTarget("opening-json", memory: .json, seeds: { [try AuditInput.sample().opening().json()] }) {
        if let opening = json(EpochOpening.self, $0) { _ = try? EpochReplay(opening) }
    },
    FuzzTarget("solvency-json", memory: .json, seeds: solvencySeeds, run: testSolvency),
]

@Sendable private func solvencySeeds() throws -> [[UInt8]] {
    let tree = try SolvencyTree([Liability(account: "protocol", salt: .zero, amount: 5)])
    let statement = SolvencyStatement(logID: .zero, entry: 0, entryHash: .zero, leaves: 1, root: tree.root)
    return try Seeds.json(SolvencyBody(statement, custody: 5, signature: nil))
}

/// Input: what an export states that is owed, of books in which 5 are.
private func testSolvency(_ bytes: [UInt8]) {
    guard let body = json(SolvencyBody.self, bytes) else { return }
    let books: [LedgerAccount: AccountTotals] = [
        .custody: AccountTotals(debits: 5, credits: .zero), .protocolIncome: AccountTotals(debits: .zero, credits: 5),
    ]
    let isGood = (try? SolvencyCheck.check(bytes, log: .zero, end: .origin, closing: books)) != nil
    guard isGood else { return }
    require(body.total == 5 && body.custody == 5 && body.leaves == 1, "a statement of other books was taken")
    require((try? body.checked()) != nil, "a statement was taken whose members make another")
}

private func signature() throws -> Signature {
    try Vector.file(.protocol)["receipt"]["signature"].signature
}

@Sendable private func voucherSeeds() throws -> [[UInt8]] {
    let items = (0..<2).map {
        Item(
            envelopeHash: Bytes32(integer: $0), bytes: 1_024, expiryDay: UTCDay(number: 20_514), postage: .zero,
            maxFee: 39_851_680)
    }
    let voucher = Voucher(
        channelID: .zero, lane: 0, sequence: 1, cumulativeAmount: 79_703_360, validUntil: 1_767_830_400,
        itemsHash: Item.hash(of: items))
    let signed = SignedVoucher(voucher: voucher, items: items, signature: try signature())
    return try Seeds.json(VouchersBody(vouchers: [VoucherBody(signed)]))
}

private func testVouchers(_ bytes: [UInt8]) {
    guard let body = json(VouchersBody.self, bytes) else { return }
    let admission = Admission(challengeWindow: 86_400, settlementHorizon: 86_400)
    let domain = EIP712Domain(chainID: .zero, verifyingContract: .zero)
    for voucher in body.vouchers.map(\.signed) {
        guard (try? admission.checkForm(voucher, now: 1_767_225_600)) != nil else { continue }
        require(Item.hash(of: voucher.items) == voucher.voucher.itemsHash, "a voucher of other items was taken")
        _ = try? voucher.signature.recover(domain.digest(of: voucher.voucher))
    }
}

@Sendable private func frameSeeds() throws -> [[UInt8]] {
    let receipts = try LostLog.receipts + [LostLog.restoredReceipt]
    let charged = receipts.map {
        VoucherFrames.Charged(leaf: $0.leaf.canonicalBytes, path: $0.path, salt: .zero)
    }
    let refused = VoucherFrames.Result.refused(status: 402, code: "voucher/deposit", detail: "too little")
    return [
        VoucherFrames.request([try LostLog.voucher]),
        VoucherFrames.Answer(head: receipts[0].head, results: [.charged(charged), refused]).bytes,
    ]
}

/// Input: a request with vouchers, or the answer to one, in binary.
private func testFrames(_ bytes: [UInt8]) {
    canonical(bytes, VoucherFrames.readRequest, VoucherFrames.request)
    guard let answer = canonical(bytes, VoucherFrames.Answer.init, \.bytes) else { return }
    for case .charged(let charges) in answer.results {
        for charge in charges {
            guard let receipt = try? Receipt(charge, head: answer.head) else { continue }
            let again = try? Receipt(canonicalBytes: receipt.canonicalBytes)
            require(again == receipt, "a receipt of an answer is none by itself")
        }
    }
}

@Sendable private func requestSeeds() throws -> [[UInt8]] {
    let signature = try signature()
    let node = try RegisteredNode(canonicalBytes: try Seeds.form("body 6 node 1"))
    return try Seeds.json(
        OpenChannelBody(OpenChannel(payer: .zero, signer: .zero, opening: .zero), signature: signature),
        CloseChannelBody(charged: 1, validUntil: 1_767_830_400, signature: signature),
        WelcomeBody(charge: 1, welcome: HexBytes(try Seeds.form("welcome"))),
        SignedBytesBody(bytes: try Seeds.form("acknowledgement"), signature: signature),
        SignedBytesBody(bytes: try Seeds.form("act"), signature: signature),
        AdminActBody(
            AdminAct(.close(commitment: .zero), nonce: 1), signature: signature,
            opening: CommitmentOpening(channelID: .zero, salt: .zero)),
        DelegationBody(
            Delegation(
                channelID: .zero, signer: .zero, lane: Delegation.everyLane, ceiling: 1, expires: 1_767_830_400,
                nonce: 1), signature: signature),
        RevocationBody(Revocation(channelID: .zero, signer: .zero, nonce: 2), signature: signature),
        RequestCloseBody(validUntil: 1_767_830_400, signature: signature),
        WithdrawalBody(cumulative: 1, validUntil: 1_767_830_400, signature: signature),
        SettlementBody(subject: HexBytes(Bytes32.zero.bytes), amount: 1, reference: .zero, signature: signature),
        RegisterNodeBody(
            node.registration, operatorSignature: node.operatorSignature, nodeSignature: node.nodeSignature))
}

private func testRequests(_ bytes: [UInt8]) {
    json(OpenChannelBody.self, bytes)
    json(CloseChannelBody.self, bytes)
    json(DelegationBody.self, bytes)
    json(RevocationBody.self, bytes)
    json(RequestCloseBody.self, bytes)
    json(WithdrawalBody.self, bytes)
    if let body = json(AdminActBody.self, bytes) {
        canonical(body.bytes.bytes, AdminAct.init(canonicalBytes:), \.canonicalBytes)
        _ = body.opening?.commitment
    }
    if let body = json(WelcomeBody.self, bytes) {
        canonical(body.welcome.bytes, Welcome.init(canonicalBytes:), \.canonicalBytes)
    }
    if let body = json(SignedBytesBody.self, bytes) {
        canonical(body.bytes.bytes, Acknowledgement.init(canonicalBytes:), \.canonicalBytes)
        canonical(body.bytes.bytes, AdminAct.init(canonicalBytes:), \.canonicalBytes)
    }
    if let body = json(SettlementBody.self, bytes) { _ = (Bytes32(body.subject.bytes), Address(body.subject.bytes)) }
    if let body = json(RegisterNodeBody.self, bytes) { _ = body.registration.structHash }
}

@Sendable private func answerSeeds() throws -> [[UInt8]] {
    let receipt = try Receipt(canonicalBytes: try Seeds.form("receipt"))
    let node = try RegisteredNode(canonicalBytes: try Seeds.form("body 6 node 1"))
    let problem = ProblemBody(status: 402, code: "voucher/deposit", title: "Refused", detail: "too little")
    let acknowledgement = SignedBytesBody(bytes: try Seeds.form("acknowledgement"), signature: try signature())
    return try Seeds.json(
        ParametersBody(
            genesis: HexBytes(try Seeds.form("body 1 genesis")), schedule: HexBytes(try Seeds.form("body 2 schedule")),
            challengeWindow: 86_400, settlementHorizon: 86_400, minimumDeposit: 1_000_000_000, time: 1_767_225_600),
        HeadBody(receipt.head), ChannelOpenedBody(channelId: .zero), ChannelClosedBody(returned: 1),
        RefundBody(charge: 1, ground: "welcomed", amount: 5_000_000),
        NodesBody(nodes: [NodesBody.Node(node, cumulative: 1, claimed: .zero)], members: [1], epoch: 1),
        VoucherAnswersBody(results: [
            VoucherAnswerBody(
                receipts: [ReceiptBody(receipt: HexBytes(receipt.canonicalBytes), salt: .zero)], problem: nil),
            VoucherAnswerBody(receipts: nil, problem: problem),
        ]),
        PublishAnswersBody(results: [
            PublishAnswerBody(event: .zero, acknowledgement: acknowledgement, problem: nil),
            PublishAnswerBody(event: nil, acknowledgement: nil, problem: problem),
        ]),
        NodeStatusBody(
            node: 1, time: 1, events: 1, messages: 1, topics: 1, missing: 0, floor: 20_480, probedThrough: 1,
            connectedPeers: 3),
        TopicsBody(topics: [TopicsBody.Topic(topic: .zero, events: 1, root: .zero)]), try LostLog.keys,
        NodeReceiptsBody(receipts: [HexBytes(receipt.canonicalBytes)]))
}

private let lostGenesis = Result { try LostLog.genesis }

private func testAnswers(_ bytes: [UInt8]) {
    if let body = json(ParametersBody.self, bytes) {
        _ = try? Genesis(canonicalBytes: body.genesis.bytes).domain
        _ = try? FeeSchedule(canonicalBytes: body.schedule.bytes)
    }
    _ = try? json(HeadBody.self, bytes)?.signed
    _ = try? json(NodesBody.self, bytes)?.registered
    if let body = json(KeysBody.self, bytes), let head = try? body.head.signed,
        let keys = try? body.history(from: lostGenesis.get())
    {
        require(keys.rollbacks.withdrawing(head.head) == nil, "a head was believed that the log gave up")
        for logged in keys.rollbacks {
            require(logged.withdraws(logged.rollback.lost.head), "a rollback was believed that gives nothing up")
        }
    }
    for receipt in json(NodeReceiptsBody.self, bytes)?.receipts ?? [] { testReceipt(receipt.bytes) }
    json(ChannelOpenedBody.self, bytes)
    json(ChannelClosedBody.self, bytes)
    json(ChannelBody.self, bytes)
    json(RefundBody.self, bytes)
    for answer in json(VoucherAnswersBody.self, bytes)?.results ?? [] {
        for receipt in answer.receipts ?? [] { _ = try? Receipt(canonicalBytes: receipt.receipt.bytes) }
    }
    for answer in json(PublishAnswersBody.self, bytes)?.results ?? [] {
        _ = try? answer.acknowledgement.map { try Acknowledgement(canonicalBytes: $0.bytes.bytes) }
    }
    json(NodeStatusBody.self, bytes)
    json(TopicsBody.self, bytes)
    json(ProblemBody.self, bytes)
}
