public import Channels
public import Primitives

extension ServiceConnection: ChannelService {
    /// Sends vouchers in their binary form.
    public func send(_ vouchers: [SignedVoucher]) async throws -> VoucherFrames.Answer {
        try VoucherFrames.Answer(
            try await client.exchange("/v1/vouchers", bytes: VoucherFrames.request(vouchers)))
    }

    /// `POST /v1/restorations`.
    public func restore(_ voucher: SignedVoucher, proofs: [ChargeProof]) async throws -> Restoring {
        let body = RestorationsBody(vouchers: [RestorationsBody.Lost(voucher, proofs: proofs)])
        let answer: VoucherAnswersBody = try await client.post("/v1/restorations", body)
        guard let result = answer.results.first, answer.results.count == 1 else {
            throw PaymentError.count(expected: 1, found: answer.results.count)
        }
        if let problem = result.problem { return .refused(code: problem.code, detail: problem.detail) }
        return .restored(
            try (result.receipts ?? []).map {
                ChargeProof(receipt: try Receipt(canonicalBytes: $0.receipt.bytes), salt: $0.salt)
            })
    }

    /// `GET /v1/channels/{id}`.
    public func account(_ query: SignedQuery) async throws -> ChannelAccount {
        let path = "/v1/channels/\(query.channelID.hex)?\(query.text)"
        let body: ChannelBody = try await client.get(path)
        guard body.channelId == query.channelID else {
            throw ClientError.answer(url: path, reason: "it tells of another channel")
        }
        return ChannelAccount(body)
    }

    /// `GET /v1/channels/{id}/charges`.
    public func charges(_ query: SignedQuery, lane: UInt32, from: UInt64?) async throws -> ChargePage {
        var path = "/v1/channels/\(query.channelID.hex)/charges?\(query.text)&lane=\(lane)"
        if let from { path += "&from=\(from)" }
        let body: ChannelChargesBody = try await client.get(path)
        return ChargePage(
            charges: try body.charges.map {
                ChargeProof(receipt: try Receipt(canonicalBytes: $0.receipt.bytes), salt: $0.salt)
            }, next: body.next)
    }

    /// `GET /v1/channels/{id}/charges/{charge}`; nothing of it is checked here.
    public func standing(_ query: SignedQuery, charge: UInt64) async throws -> ChargeStandingBody {
        try await client.get("/v1/channels/\(query.channelID.hex)/charges/\(charge)?\(query.text)")
    }

    /// `GET /v1/log/consistency`.
    public func growth(from size: UInt64) async throws -> (head: SignedHead, proof: [Bytes32]) {
        let body: ConsistencyBody = try await client.get("/v1/log/consistency?from=\(size)")
        return (try body.head.signed, body.proof)
    }
}

extension ChannelAccount {
    /// What the body of `GET /v1/channels/{id}` says; nothing of it is checked here.
    public init(_ body: ChannelBody) {
        self.init(
            payer: body.payer, stage: body.stage, closesAt: body.closesAt, deposited: body.deposited,
            refunded: body.refunded, withdrawn: body.withdrawn, available: body.available, nonce: body.nonce,
            signers: body.signers.map {
                Signer(
                    signer: $0.signer,
                    authority: SignerAuthority(
                        lane: $0.lane == Delegation.everyLane ? nil : $0.lane, ceiling: $0.ceiling,
                        expires: $0.expires))
            },
            lanes: body.lanes.map { lane in
                LaneClaim(
                    lane: lane.lane, sequence: lane.sequence, ceiling: lane.ceiling, charged: lane.charged,
                    newest: lane.newest.map {
                        VoucherProof(voucher: $0.voucher(of: body.channelId), signature: $0.signature)
                    })
            })
    }
}
