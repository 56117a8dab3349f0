import Channels
import Primitives
import Testing

@Suite struct StatementTests {
    /// Statements whose structs are of other modules.
    private static let elsewhere: Set<String> = ["Event", "Observation", "Attestation", "PeerProof"]

    private static func domain() throws -> EIP712Domain {
        let domain = try Vector.file(.protocol)["domain"]
        return EIP712Domain(
            chainID: try #require(Bytes32(decimal: try domain["chainId"].text)),
            verifyingContract: try domain["verifyingContract"].address)
    }

    private static func statements() throws -> [Vector] { try Vector.file(.protocol)["statements"].list }

    private static let made: [String: @Sendable (Vector) throws -> any TypedStatement] = [
        "Voucher": {
            Voucher(
                channelID: try $0["channelId"].word, lane: try $0["lane"].u32, sequence: try $0["sequence"].u64,
                cumulativeAmount: try $0["cumulativeAmount"].amount, validUntil: try $0["validUntil"].u64,
                itemsHash: try $0["itemsHash"].word)
        },
        "OpenChannel": {
            OpenChannel(
                payer: try $0["payer"].address, signer: try $0["signer"].address, opening: try $0["opening"].word)
        },
        "CloseChannel": {
            CloseChannel(
                channelID: try $0["channelId"].word, charged: try $0["charged"].amount,
                validUntil: try $0["validUntil"].u64)
        },
        "ChannelQuery": { ChannelQuery(channelID: try $0["channelId"].word, time: try $0["time"].u64) },
        "Delegation": {
            Delegation(
                channelID: try $0["channelId"].word, signer: try $0["signer"].address, lane: try $0["lane"].u32,
                ceiling: try $0["ceiling"].amount, expires: try $0["expires"].u64, nonce: try $0["nonce"].u64)
        },
        "Revocation": {
            Revocation(
                channelID: try $0["channelId"].word, signer: try $0["signer"].address, nonce: try $0["nonce"].u64)
        },
        "RequestClose": {
            RequestClose(channelID: try $0["channelId"].word, validUntil: try $0["validUntil"].u64)
        },
        "Withdrawal": {
            Withdrawal(
                channelID: try $0["channelId"].word, cumulative: try $0["cumulative"].amount,
                validUntil: try $0["validUntil"].u64)
        },
        "Deposit": {
            Deposit(
                channelID: try $0["channelId"].word, amount: try $0["amount"].amount,
                reference: try $0["reference"].word)
        },
        "StakeDeposit": {
            StakeDeposit(
                operatorAddress: try $0["operator"].address, amount: try $0["amount"].amount,
                reference: try $0["reference"].word)
        },
        "Payout": {
            Payout(
                account: try $0["account"].address, amount: try $0["amount"].amount,
                reference: try $0["reference"].word)
        },
        "RegisterNode": { try Registration($0) },
        "Welcome": { WelcomeStatement(topic: try $0["topic"].word, envelopeHash: try $0["envelopeHash"].word) },
        "LogHead": { LogHeadStatement(head: try $0["head"].word) },
        "Acknowledgement": { AcknowledgementStatement(acknowledgement: try $0["acknowledgement"].word) },
        "Refusal": { RefusalStatement(refusal: try $0["refusal"].word) },
        "SealNotice": { SealNoticeStatement(notice: try $0["notice"].word) },
        "Checkpoint": { CheckpointStatement(checkpoint: try $0["checkpoint"].word) },
        "Possession": { PossessionStatement(possession: try $0["possession"].word) },
        "Deletion": { DeletionStatement(topic: try $0["topic"].word, envelopeHash: try $0["envelopeHash"].word) },
        "MemberList": { MemberListStatement(list: try $0["list"].word) },
        "Authorship": {
            Authorship(
                topic: try $0["topic"].word, expiryDay: UTCDay(number: try $0["expiryDay"].u32),
                salt: try $0["salt"].word, content: try $0["content"].word)
        },
        "Outage": { Outage(day: UTCDay(number: try $0["day"].u32), parts: try $0["parts"].u32) },
        "Delivered": { DeliveredStatement(delivered: try $0["delivered"].word) },
        "KeyRotation": {
            KeyRotationStatement(role: try $0["role"].u8, key: try $0["key"].address, nonce: try $0["nonce"].u64)
        },
        "AdminAct": { AdminActStatement(act: try $0["act"].word) },
    ]

    /// `RegisterNode` over an endpoints' hash alone: its extremes are hashes of no endpoints.
    private struct Registration: TypedStatement {
        static var typeHash: Bytes32 { RegisterNode.typeHash }
        let words: [Bytes32]

        init(_ message: Vector) throws {
            words = [
                Bytes32(try message["operator"].address), Bytes32(try message["nodeKey"].address),
                Bytes32(try message["payout"].address), Bytes32(integer: try message["stake"].amount.units),
                try message["endpointsHash"].word,
            ]
        }
    }

    @Test func `every struct of Channels has the vector's type hash, struct hash, digest and signature`() throws {
        let domain = try Self.domain()
        #expect(domain.separator == (try Vector.file(.protocol)["domain"]["separator"].word))
        var seen: Set<String> = []
        for vector in try Self.statements() {
            let name = try vector["name"].text
            let kind = try vector["struct"].text
            guard let make = Self.made[kind] else {
                #expect(Self.elsewhere.contains(kind), "\(kind)")
                continue
            }
            seen.insert(kind)
            let statement = try make(vector["message"])
            #expect(type(of: statement).typeHash == (try vector["typeHash"].word), "\(name)")
            #expect(statement.structHash == (try vector["structHash"].word), "\(name)")
            let digest = domain.digest(of: statement.structHash)
            #expect(digest == (try vector["digest"].word), "\(name)")
            let key = try vector["privateKey"].secret
            #expect(key.sign(digest).bytes == (try vector["signature"].bytes), "\(name)")
            #expect(try vector["signature"].signature.recover(digest) == vector["address"].address, "\(name)")
        }
        #expect(seen == Set(Self.made.keys))
    }

    @Test func `a channel's id is the digest of its opening`() throws {
        let channel = try Vector.file(.protocol)["channel"]
        let open = OpenChannel(
            payer: try channel["payer"].address, signer: try channel["signer"].address,
            opening: try channel["opening"].word)
        #expect(open.channelID(in: try Self.domain()) == (try channel["channelId"].word))
    }

    @Test func `the registered nodes of the vectors are signed by operator and node key, and not with either swapped`()
        throws
    {
        let domain = try Self.domain()
        let forms = try Vector.file(.protocol)["forms"].list.filter { (try? $0["tag"].text) == "feesvc/node/1" }
        #expect(forms.count == 4)
        for form in forms {
            let node = try RegisteredNode(canonicalBytes: form["bytes"].bytes)
            #expect(node.isSigned(in: domain))
            func with(_ first: Signature, _ second: Signature) -> RegisteredNode {
                RegisteredNode(
                    number: node.number, registration: node.registration, operatorSignature: first,
                    nodeSignature: second)
            }
            #expect(!with(node.nodeSignature, node.operatorSignature).isSigned(in: domain))
            #expect(!with(node.operatorSignature, node.operatorSignature).isSigned(in: domain))
            #expect(!with(node.nodeSignature, node.nodeSignature).isSigned(in: domain))
            let other = EIP712Domain(chainID: Bytes32(integer: 1), verifyingContract: domain.verifyingContract)
            #expect(!node.isSigned(in: other))
        }
    }

    private static func digest(_ name: String) throws -> Bytes32 {
        try #require(try statements().first { $0.title == name })["digest"].word
    }

    private static func bytes(_ name: String) throws -> [UInt8] {
        try #require(try Vector.file(.protocol)["forms"].list.first { $0.title == name })["bytes"].bytes
    }

    @Test func `what is signed of a record is the hash of its bytes`() throws {
        let domain = try Self.domain()
        let acknowledgement = try Acknowledgement(canonicalBytes: Self.bytes("acknowledgement"))
        #expect(domain.digest(of: acknowledgement.statement) == (try Self.digest("acknowledgement")))
        let delivered = try Delivered(canonicalBytes: Self.bytes("delivered"))
        #expect(domain.digest(of: delivered.statement) == (try Self.digest("delivered")))
        let act = try AdminAct(canonicalBytes: Self.bytes("act"))
        #expect(domain.digest(of: act.statement) == (try Self.digest("admin act")))
        let rollback = try AdminAct(canonicalBytes: Self.bytes("act, rollback"))
        #expect(domain.digest(of: rollback.statement) == (try Self.digest("admin act, rollback")))
        for name in [
            "after the third charge", "before the rollback", "of the genesis alone", "of the lost history",
            "after the rollback",
        ] {
            let head = try LogHead(canonicalBytes: Self.bytes("head \(name)"))
            #expect(domain.digest(of: head.statement) == (try Self.digest("log head \(name)")), "\(name)")
        }
    }
}
