import Channels
import Hummingbird
import Payer
import Primitives
import Storage

/// Channels: what payers do with them, and what they and their signers may know.
extension ServiceRoutes {
    /// Seconds by which the time of a signed question may be off.
    private static let queryTolerance: UInt64 = 300

    func addChannels(to router: Router<BasicRequestContext>) {
        router.post("/v1/channels") { request, _ in
            let body = try await HTTPBody.json(OpenChannelBody.self, of: request)
            let opening = OpenChannel(payer: body.payer, signer: body.signer, opening: body.opening)
            return try Response.json(
                ChannelOpenedBody(channelId: try await service.open(opening, signature: body.signature)))
        }
        router.get("/v1/channels/:id") { request, context in
            let channel = try await asked(request, of: try Self.hash("id", context))
            return try Response.json(try await body(of: channel))
        }
        router.get("/v1/channels/:id/charges") { request, context in
            try await charges(request, of: try await asked(request, of: try Self.hash("id", context)))
        }
        router.get("/v1/channels/:id/charges/:charge") { request, context in
            let channel = try await asked(request, of: try Self.hash("id", context))
            guard let number = UInt64(try context.parameters.require("charge")) else {
                throw Refusal(400, "request/path", "A charge is a whole number from 1.")
            }
            return try Response.json(try await service.standing(of: number, channel: channel.number))
        }
        addSignerActs(to: router)
        addMoneyActs(to: router)
    }

    private func addSignerActs(to router: Router<BasicRequestContext>) {
        router.post("/v1/channels/:id/delegations") { request, context in
            let body = try await HTTPBody.json(DelegationBody.self, of: request)
            let statement = body.statement(for: try Self.hash("id", context))
            let state = try await service.delegate(statement, signature: body.signature)
            return try Response.json(try await self.body(of: state))
        }
        router.post("/v1/channels/:id/revocations") { request, context in
            let body = try await HTTPBody.json(RevocationBody.self, of: request)
            let statement = Revocation(
                channelID: try Self.hash("id", context), signer: body.signer, nonce: body.nonce)
            let state = try await service.revoke(statement, signature: body.signature)
            return try Response.json(try await self.body(of: state))
        }
    }

    private func addMoneyActs(to router: Router<BasicRequestContext>) {
        router.post("/v1/channels/:id/close") { request, context in
            let body = try await HTTPBody.json(CloseChannelBody.self, of: request)
            let statement = CloseChannel(
                channelID: try Self.hash("id", context), charged: body.charged, validUntil: body.validUntil)
            return try Response.json(
                ChannelClosedBody(returned: try await service.close(statement, signature: body.signature)))
        }
        router.post("/v1/channels/:id/close-requests") { request, context in
            let body = try await HTTPBody.json(RequestCloseBody.self, of: request)
            let statement = RequestClose(channelID: try Self.hash("id", context), validUntil: body.validUntil)
            return try Response.json(
                ChannelClosingBody(closesAt: try await service.close(statement, signature: body.signature)))
        }
        router.post("/v1/channels/:id/withdrawals") { request, context in
            let body = try await HTTPBody.json(WithdrawalBody.self, of: request)
            let statement = Withdrawal(
                channelID: try Self.hash("id", context), cumulative: body.cumulative, validUntil: body.validUntil)
            let withdrawn = try await service.withdraw(statement, signature: body.signature)
            return try Response.json(WithdrawnBody(withdrawn: withdrawn, cumulative: body.cumulative))
        }
    }

    /// The channel that a signed question is about; strangers learn nothing, not even whether it exists.
    private func asked(_ request: Request, of id: Bytes32) async throws -> StoredChannel {
        guard let time = try request.number("time"), let text = request.uri.queryParameters["signature"],
            let bytes = Hex.decode(String(text)), let signature = try? Signature(bytes)
        else {
            throw Refusal(400, "request/query", "Ask with time and signature, the signer's on ChannelQuery.")
        }
        let now = service.clock.now
        let distance = time > now ? time - now : now - time
        guard distance <= Self.queryTolerance else {
            throw Refusal(401, "channel/query-time", "The question was signed for \(time); it is \(now).")
        }
        let unknown = Refusal(404, "channel/unknown", "There is no such channel, or its signer did not sign.")
        let digest = service.domain.digest(of: ChannelQuery(channelID: id, time: time))
        guard let signer = try? signature.recover(digest) else { throw unknown }
        let (channel, opening) = try await service.read { transaction in
            let store = ChannelStore(transaction)
            let channel = try await store.channel(id)
            return (channel, channel == nil ? try await store.opening(id) : nil)
        }
        if let opening, [opening.payer, opening.signer].contains(signer) {
            return StoredChannel(number: 0, state: ChannelState(opening, id: id))
        }
        guard let channel, signer == channel.state.payer || channel.state.authority(of: signer) != nil else {
            throw unknown
        }
        return channel
    }

    private func body(of channel: StoredChannel) async throws -> ChannelBody { try await body(of: channel.state) }

    private func body(of channel: ChannelState) async throws -> ChannelBody {
        let newest = try await service.read { transaction in
            let store = VoucherStore(transaction)
            var newest: [UInt32: SignedVoucher] = [:]
            for (lane, state) in channel.lanes where state.lastCharge > 0 {
                newest[lane] = try await store.voucher(of: state.lastCharge)?.voucher
            }
            return newest
        }
        return try ChannelBody(channel, newest: newest)
    }

    private func charges(_ request: Request, of channel: StoredChannel) async throws -> Response {
        let lane = try request.number("lane") ?? 0
        let limit = try request.number("limit") ?? ChannelChargesBody.countMax
        guard lane < ChannelState.laneCount, (1...ChannelChargesBody.countMax).contains(limit) else {
            throw Refusal(
                400, "request/query",
                "lane is 0 to \(ChannelState.laneCount - 1), limit 1 to \(ChannelChargesBody.countMax).")
        }
        let number = UInt32(lane)
        guard let newest = try request.number("from") ?? channel.state.lanes[number]?.lastCharge, newest > 0 else {
            return try .json(ChannelChargesBody(charges: [], next: nil))
        }
        let (indexes, before) = try await service.read {
            try await ChargeStore($0).chain(
                channel: channel.number, lane: number, from: newest, limit: Int(limit))
        }
        // What was committed a moment ago may not be under a head that is shown yet; the next question finds it.
        let size = service.heads.head.head.size
        let receipts = try await service.receiptDesk.receipts(for: indexes.filter { $0 < size }).receipts
        return try .json(
            ChannelChargesBody(
                charges: receipts.map { ReceiptBody(receipt: HexBytes($0.receipt.canonicalBytes), salt: $0.salt) },
                next: before > 0 ? before : nil))
    }
}
