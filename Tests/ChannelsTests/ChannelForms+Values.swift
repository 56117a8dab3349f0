import Channels
import Primitives

extension ChannelForms {
    static func known<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw VectorError(description: "a value that this kind does not know") }
        return value
    }

    static func leaf(_ fields: Vector) throws -> LogLeaf {
        LogLeaf(
            index: try fields["index"].u64, time: try fields["time"].u64,
            kind: try known(LeafKind(rawValue: try fields["kind"].u16)), body: try fields["body"].bytes)
    }

    static func voucher(_ fields: Vector) throws -> SignedVoucher {
        SignedVoucher(
            voucher: Voucher(
                channelID: try fields["channelId"].word, lane: try fields["lane"].u32,
                sequence: try fields["sequence"].u64, cumulativeAmount: try fields["cumulativeAmount"].amount,
                validUntil: try fields["validUntil"].u64, itemsHash: try fields["itemsHash"].word),
            items: try fields["items"].list.map { try Item(canonicalBytes: try $0.bytes) },
            signature: try fields["signature"].signature)
    }

    static func genesis(_ fields: Vector, _ sharding: Sharding) throws -> Genesis {
        Genesis(
            chainID: try fields["chainId"].word, verifyingContract: try fields["verifyingContract"].address,
            logKey: try fields["logKey"].address, settlementKey: try fields["settlementKey"].address,
            adminKey: try fields["adminKey"].address, currency: try fields["currency"].text,
            ledgerScale: try fields["ledgerScale"].u8, settlementScale: try fields["settlementScale"].u8,
            start: try fields["start"].u64, epochSeconds: try fields["epochSeconds"].u64,
            ruleset: try fields["ruleset"].u32, sharding: sharding)
    }

    static func schedule(_ fields: Vector) throws -> FeeSchedule {
        FeeSchedule(
            version: try fields["version"].u32, effectiveFrom: try fields["effectiveFrom"].u64,
            base: try fields["base"].amount, storagePerByteDay: try fields["storagePerByteDay"].amount,
            congestionUnit: try fields["congestionUnit"].amount,
            targetPerMinute: try fields["targetPerMinute"].u32, postage: try fields["postage"].amount,
            postageWindow: try fields["postageWindow"].u64, retentionDaysMin: try fields["retentionDaysMin"].u32,
            retentionDaysMax: try fields["retentionDaysMax"].u32, bytesMax: try fields["bytesMax"].u32)
    }

    static func charge(_ fields: Vector) throws -> Charge {
        Charge(
            number: try fields["number"].u64, epoch: try fields["epoch"].u64,
            commitment: try fields["commitment"].word, envelopeHash: try fields["envelopeHash"].word,
            bytes: try fields["bytes"].u32, expiryDay: UTCDay(number: try fields["expiryDay"].u32),
            schedule: try fields["schedule"].u32,
            price: Price(
                base: try fields["base"].amount, storage: try fields["storage"].amount,
                congestion: try fields["congestion"].amount, postage: try fields["postage"].amount),
            publishBy: try fields["publishBy"].u64)
    }

    static func node(_ fields: Vector) throws -> RegisteredNode {
        RegisteredNode(
            number: try fields["number"].u32,
            registration: RegisterNode(
                operatorAddress: try fields["operator"].address, nodeKey: try fields["nodeKey"].address,
                payout: try fields["payout"].address, stake: try fields["stake"].amount,
                peerEndpoint: try fields["peer"].text, httpEndpoint: try fields["http"].text),
            operatorSignature: try fields["operatorSignature"].signature,
            nodeSignature: try fields["nodeKeySignature"].signature)
    }

    static func receipt(_ fields: Vector) throws -> Receipt {
        let leaf = try LogLeaf(canonicalBytes: fields["leaf"].bytes)
        return Receipt(
            leaf: leaf, charge: try known(try leaf.charge()), head: try signedHead(fields),
            path: try fields["path"].words)
    }

    static func signedHead(_ fields: Vector) throws -> SignedHead {
        SignedHead(
            head: try LogHead(canonicalBytes: fields["head"].bytes), signature: try fields["signature"].signature)
    }

    /// Channels writes items and does not read them.
    static func item(_ bytes: [UInt8]) throws -> Item {
        var decoder = try CanonicalDecoder(bytes, tag: "feesvc/item/1")
        let item = Item(
            envelopeHash: try decoder.readBytes32(), bytes: try decoder.readUInt32(),
            expiryDay: UTCDay(number: try decoder.readUInt32()), postage: try decoder.readAmount(),
            maxFee: try decoder.readAmount())
        try decoder.finish()
        return item
    }

    static func refund(_ vector: Vector) throws -> RefundedCharge {
        var decision = RefundDecision(try known(RefundGround(rawValue: try vector["ground"].u8)))
        func parts(_ purse: String) throws -> RefundParts {
            RefundParts(
                base: try vector["\(purse)Base"].amount, congestion: try vector["\(purse)Congestion"].amount,
                storage: try vector["\(purse)Storage"].amount, postage: try vector["\(purse)Postage"].amount)
        }
        decision.held = try parts("held")
        decision.owed = try parts("owed")
        decision.stake = try parts("stake")
        decision.releasedPerDay = try vector["releasedPerDay"].amount
        return RefundedCharge(
            charge: try vector["charge"].u64, decision: decision, node: try vector["node"].u32,
            evidence: try vector["evidence"].word)
    }

    static func outage(_ vector: Vector) throws -> DeclaredOutage {
        DeclaredOutage(
            outage: Outage(day: UTCDay(number: try vector["day"].u32), parts: try vector["parts"].u32),
            signers: try vector["signers"].list.map {
                DeclaredOutage.Signer(
                    operatorAddress: try $0["operator"].address, signature: try $0["signature"].signature)
            })
    }
}
