import Channels
import Primitives

/// How each form of docs/protocol.md that Channels defines is made from a vector's fields, and read.
enum ChannelForms {
    typealias Write = @Sendable (Vector) throws -> [UInt8]

    static let written: [String: Write] = [
        "envelope": {
            EnvelopeHead(
                topic: try $0["topic"].word, expiryDay: UTCDay(number: try $0["expiryDay"].u32),
                salt: try $0["salt"].word, payloadBytes: try $0["payloadBytes"].u32,
                payloadHash: try $0["payloadHash"].word
            ).canonicalBytes
        },
        "sharded-envelope": {
            EnvelopeHead(
                topic: try $0["topic"].word, expiryDay: UTCDay(number: try $0["expiryDay"].u32),
                salt: try $0["salt"].word, payloadBytes: try $0["payloadBytes"].u32,
                payloadHash: try $0["payloadHash"].word, shardBits: try $0["shardBits"].u8
            ).canonicalBytes
        },
        "item": {
            Item(
                envelopeHash: try $0["envelopeHash"].word, bytes: try $0["bytes"].u32,
                expiryDay: UTCDay(number: try $0["expiryDay"].u32), postage: try $0["postage"].amount,
                maxFee: try $0["maxFee"].amount
            ).canonicalBytes
        },
        "voucher": { try voucher($0).canonicalBytes },
        "leaf": { try leaf($0).canonicalBytes },
        "genesis": { try genesis($0, .none).canonicalBytes },
        "sharded-genesis": {
            let sharding = Sharding(bits: try $0["shardBits"].u8, replication: try $0["replication"].u16)
            return try genesis($0, try known(sharding)).canonicalBytes
        },
        "schedule": { try schedule($0).canonicalBytes },
        "charge": { try charge($0).canonicalBytes },
        "midnight": {
            Midnight(day: UTCDay(number: try $0["day"].u32), captured: try $0["captured"].amount).canonicalBytes
        },
        "node": { try node($0).canonicalBytes },
        "cut": {
            Cut(
                epoch: try $0["epoch"].u64, base: try $0["base"].amount, congestion: try $0["congestion"].amount,
                charges: try $0["charges"].u64, voided: try $0["voided"].u64
            ).canonicalBytes
        },
        "void": {
            VoidedCharge(
                charge: try $0["charge"].u64, ground: try known(RefundGround(rawValue: try $0["ground"].u8)),
                base: try $0["base"].amount, storage: try $0["storage"].amount, postage: try $0["postage"].amount,
                evidence: try $0["evidence"].word
            ).canonicalBytes
        },
        "postage": {
            PostageDecision(
                charge: try $0["charge"].u64,
                outcome: try known(PostageDecision.Outcome(rawValue: try $0["outcome"].u8)),
                amount: try $0["amount"].amount, evidence: try $0["evidence"].word
            ).canonicalBytes
        },
        "head": {
            LogHead(
                logID: try $0["logId"].word, size: try $0["size"].u64, root: try $0["root"].word,
                time: try $0["time"].u64, epoch: try $0["epoch"].u64
            ).canonicalBytes
        },
        "receipt": { try receipt($0).canonicalBytes },
        "acknowledgement": {
            Acknowledgement(
                node: try $0["node"].u32, event: try $0["event"].word, charge: try $0["charge"].u64,
                envelopeHash: try $0["envelopeHash"].word, time: try $0["time"].u64
            ).canonicalBytes
        },
        "welcome": {
            Welcome(
                head: try EnvelopeHead(canonicalBytes: $0["envelopeHead"].bytes),
                topic: Topic(owner: try $0["owner"].address, salt: try $0["topicSalt"].word),
                signature: try $0["signature"].signature
            ).canonicalBytes
        },
        "rotation": {
            KeyRotation(
                role: try known(KeyRole(rawValue: try $0["role"].u8)), key: try $0["key"].address,
                proof: try $0["proof"].signature
            ).canonicalBytes
        },
        "rollback": {
            Rollback(
                lost: try signedHead($0), time: try $0["time"].u64, charges: try $0["charges"].u64,
                lastCharge: try $0["lastCharge"].u64
            ).canonicalBytes
        },
        "restored": {
            RestoredCharge(
                index: try $0["index"].u64, time: try $0["time"].u64,
                charge: try Charge(canonicalBytes: try $0["charge"].bytes)
            ).canonicalBytes
        },
        "books": {
            LogBody.books(epoch: try $0["epoch"].u64, entry: try $0["entry"].u64, hash: try $0["hash"].word).body
        },
        "refund": { try refund($0).canonicalBytes },
        "repayment": {
            Repayment(epoch: try $0["epoch"].u64, owed: try $0["owed"].amount, paid: try $0["paid"].amount)
                .canonicalBytes
        },
        "outage": { try outage($0).canonicalBytes },
        "logged-outage": {
            LoggedOutage(
                declared: try DeclaredOutage(canonicalBytes: try $0["outage"].bytes), total: try $0["total"].amount
            ).canonicalBytes
        },
        "refusal": {
            NodeRefusal(
                node: try $0["node"].u32, charge: try $0["charge"].u64, envelopeHash: try $0["envelopeHash"].word,
                code: try $0["code"].text, time: try $0["time"].u64
            ).canonicalBytes
        },
        "seal-notice": {
            SealNotice(logID: try $0["logId"].word, epoch: try $0["epoch"].u64, size: try $0["size"].u64).canonicalBytes
        },
        "checkpoint": {
            Checkpoint(
                node: try $0["node"].u32, shard: Shard(number: try $0["shard"].u16),
                day: UTCDay(number: try $0["day"].u32), count: try $0["count"].u64,
                bytes: try $0["bytes"].u64, root: try $0["root"].word
            ).canonicalBytes
        },
        "possession": {
            Possession(
                node: try $0["node"].u32, event: try $0["event"].word, nonce: try $0["nonce"].word,
                answer: try $0["answer"].word, time: try $0["time"].u64
            ).canonicalBytes
        },
        "deletion": {
            Deletion(
                head: try EnvelopeHead(canonicalBytes: $0["envelopeHead"].bytes),
                topic: Topic(owner: try $0["owner"].address, salt: try $0["topicSalt"].word),
                signature: try $0["signature"].signature
            ).canonicalBytes
        },
        "member-list": { try memberList($0).canonicalBytes },
        "membership": { try membership($0).canonicalBytes },
        "authored": { try authored($0).canonicalBytes },
        "double-charge": {
            DoubleCharge(charge: try $0["charge"].u64, first: try $0["first"].u64).canonicalBytes
        },
        "act": {
            AdminAct(
                try AdminOrder(name: try $0["name"].text, body: try $0["body"].bytes), nonce: try $0["nonce"].u64
            ).canonicalBytes
        },
    ]

    /// Reads bytes and writes what was read.
    static let read: [String: @Sendable ([UInt8]) throws -> [UInt8]] = [
        "envelope": { try EnvelopeHead(canonicalBytes: $0).canonicalBytes },
        "sharded-envelope": { try EnvelopeHead(canonicalBytes: $0).canonicalBytes },
        "item": { try Item(canonicalBytes: $0).canonicalBytes },
        "voucher": { try SignedVoucher(canonicalBytes: $0).canonicalBytes },
        "leaf": { try LogLeaf(canonicalBytes: $0).canonicalBytes },
        "genesis": { try Genesis(canonicalBytes: $0).canonicalBytes },
        "sharded-genesis": { try Genesis(canonicalBytes: $0).canonicalBytes },
        "schedule": { try FeeSchedule(canonicalBytes: $0).canonicalBytes },
        "charge": { try Charge(canonicalBytes: $0).canonicalBytes },
        "midnight": { try Midnight(canonicalBytes: $0).canonicalBytes },
        "node": { try RegisteredNode(canonicalBytes: $0).canonicalBytes },
        "cut": { try Cut(canonicalBytes: $0).canonicalBytes },
        "void": { try VoidedCharge(canonicalBytes: $0).canonicalBytes },
        "postage": { try PostageDecision(canonicalBytes: $0).canonicalBytes },
        "head": { try LogHead(canonicalBytes: $0).canonicalBytes },
        "receipt": { try Receipt(canonicalBytes: $0).canonicalBytes },
        "acknowledgement": { try Acknowledgement(canonicalBytes: $0).canonicalBytes },
        "delivered": { try Delivered(canonicalBytes: $0).canonicalBytes },
        "welcome": { try Welcome(canonicalBytes: $0).canonicalBytes },
        "refund": { try RefundedCharge(canonicalBytes: $0).canonicalBytes },
        "repayment": { try Repayment(canonicalBytes: $0).canonicalBytes },
        "outage": { try DeclaredOutage(canonicalBytes: $0).canonicalBytes },
        "logged-outage": { try LoggedOutage(canonicalBytes: $0).canonicalBytes },
        "refusal": { try NodeRefusal(canonicalBytes: $0).canonicalBytes },
        "seal-notice": { try SealNotice(canonicalBytes: $0).canonicalBytes },
        "checkpoint": { try Checkpoint(canonicalBytes: $0).canonicalBytes },
        "possession": { try Possession(canonicalBytes: $0).canonicalBytes },
        "deletion": { try Deletion(canonicalBytes: $0).canonicalBytes },
        "member-list": { try MemberList(canonicalBytes: $0).canonicalBytes },
        "membership": { try Membership(canonicalBytes: $0).canonicalBytes },
        "authored": { try AuthoredPayload(canonicalBytes: $0).canonicalBytes },
        "double-charge": { try DoubleCharge(canonicalBytes: $0).canonicalBytes },
        "act": { try AdminAct(canonicalBytes: $0).canonicalBytes },
        "rotation": { try KeyRotation(canonicalBytes: $0).canonicalBytes },
        "rollback": { try Rollback(canonicalBytes: $0).canonicalBytes },
        "restored": { try RestoredCharge(canonicalBytes: $0).canonicalBytes },
        "books": {
            let (epoch, entry, hash) = try LogBody.readBooks($0)
            return LogBody.books(epoch: epoch, entry: entry, hash: hash).body
        },
        "signed": {
            let (bytes, signature) = try LogBody.readSigned($0)
            return LogBody.signed(.act, bytes, signature).body
        },
        "attestation": {
            let (epoch, operatorAddress, signature) = try LogBody.readAttestation($0)
            return LogBody.attestation(epoch: epoch, operatorAddress: operatorAddress, signature: signature).body
        },
    ]

    /// Forms that exist only as their hash.
    static let hashed: [String: @Sendable (Vector) throws -> Bytes32] = [
        "topic": { Topic(owner: try $0["owner"].address, salt: try $0["salt"].word).id },
        "topic-rule": {
            ClosedTopic(
                rule: try known(TopicRule(rawValue: try $0["rule"].u8)), owner: .zero, salt: try $0["salt"].word
            ).topic.salt
        },
        "envelope": { try EnvelopeHead(canonicalBytes: try known(written["envelope"])($0)).hash },
        "items": { Item.hash(of: try $0["items"].list.map { try item($0.bytes) }) },
        "commitment": { Charge.commitment(to: try $0["channelId"].word, salt: try $0["salt"].word) },
        "log": { try Genesis(canonicalBytes: $0["genesis"].bytes).logID },
        "welcome": { try Welcome(canonicalBytes: try known(written["welcome"])($0)).hash },
        "endpoints": {
            RegisterNode(
                operatorAddress: .zero, nodeKey: .zero, payout: .zero, stake: 0, peerEndpoint: try $0["peer"].text,
                httpEndpoint: try $0["http"].text
            ).endpointsHash
        },
    ]

    /// Bodies that are only written, as drafts of leaves.
    static let drafted: [String: @Sendable (Vector) throws -> LeafDraft] = [
        "deposit": {
            LogBody.deposit(
                commitment: try $0["commitment"].word, amount: try $0["amount"].amount,
                reference: try $0["reference"].word)
        },
        "stake": {
            LogBody.stake(
                operatorAddress: try $0["operator"].address, amount: try $0["amount"].amount,
                reference: try $0["reference"].word)
        },
        "edge": { LogBody.edge(epoch: try $0["epoch"].u64, time: try $0["time"].u64) },
        "attestation": {
            LogBody.attestation(
                epoch: try $0["epoch"].u64, operatorAddress: try $0["operator"].address,
                signature: try $0["signature"].signature)
        },
        "claim": {
            LogBody.claim(
                epoch: try $0["epoch"].u64, node: try $0["node"].u32, payout: try $0["payout"].address,
                cumulative: try $0["cumulative"].amount, paid: try $0["paid"].amount)
        },
        "close": {
            LogBody.close(
                commitment: try $0["commitment"].word, charged: try $0["charged"].amount,
                returned: try $0["returned"].amount)
        },
        "closing": {
            LogBody.closing(
                commitment: try $0["commitment"].word,
                cause: try $0["cause"].u64 == 1 ? .payer : .service,
                closesAt: try $0["closesAt"].u64, statement: try $0["statement"].word)
        },
        "withdrawal": {
            LogBody.withdrawal(
                commitment: try $0["commitment"].word, amount: try $0["amount"].amount,
                statement: try $0["statement"].word)
        },
        "signer": {
            LogBody.signer(commitment: try $0["commitment"].word, statement: try $0["statement"].word)
        },
        "payout": {
            LogBody.payout(
                account: try $0["account"].address, amount: try $0["amount"].amount,
                reference: try $0["reference"].word)
        },
    ]
}
