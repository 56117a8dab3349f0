import Channels
import Foundation
import Primitives

/// A payer with a channel that holds a deposit, made of the protocol's types alone.
struct TestPayer {
    static let deposit = Amount(10_000_000_000)

    let service: ServiceProcess
    let key: SecretKey
    let channel: Bytes32

    private struct Opening: Encodable {
        let payer: Address
        let signer: Address
        let opening: Bytes32
        let signature: Signature
    }

    private struct Opened: Decodable {
        let channelId: Bytes32
    }

    private struct Settlement: Encodable {
        let subject: String
        let amount: Amount
        let reference: Bytes32
        let signature: Signature
    }

    /// Opens a channel and has the settlement confirm the deposit.
    init(_ name: String, at service: ServiceProcess) async throws {
        self.service = service
        key = SecretKey(seed: 2_024, label: name)
        let statement = OpenChannel(payer: key.address, signer: key.address, opening: Self.bytes("opening/" + name))
        let opened = try await service.client.post(
            "/v1/channels",
            Opening(
                payer: key.address, signer: key.address, opening: statement.opening,
                signature: key.sign(service.domain.digest(of: statement)))
        ).decoded(as: Opened.self)
        channel = opened.channelId
        guard channel == statement.channelID(in: service.domain) else {
            throw Overdue(description: "the channel's id is not the digest of its opening")
        }
        let deposit = Deposit(channelID: channel, amount: Self.deposit, reference: Self.bytes("deposit/" + name))
        let answer = try await service.client.post(
            "/v1/settlement/deposits",
            Settlement(
                subject: channel.hex, amount: deposit.amount, reference: deposit.reference,
                signature: service.settlement.sign(service.domain.digest(of: deposit))))
        guard answer.status == 200 else { throw Overdue(description: "the deposit was refused: \(answer.text)") }
    }

    /// The same payer after the service was started again.
    init(_ payer: TestPayer, at service: ServiceProcess) {
        self.service = service
        key = payer.key
        channel = payer.channel
    }

    /// 32 bytes that depend on a name.
    static func bytes(_ name: String) -> Bytes32 { SHA256.hash(Array(name.utf8)) }

    /// The system's time, which this service follows.
    static var now: UInt64 { UInt64(Date().timeIntervalSince1970) }

    /// An item for an envelope that the name decides, for 60 days from today.
    func item(_ name: String, bytes: UInt32 = 1_024, postage: Amount = 0) throws -> Item {
        let expiry = UTCDay(number: UTCDay(containing: Self.now).number + 60)
        let wanted = Item(
            envelopeHash: Self.bytes(name), bytes: bytes, expiryDay: expiry, postage: postage, maxFee: .max)
        let price = try service.schedule.price(wanted, acceptedAt: Self.now, congestion: 0)
        return Item(
            envelopeHash: wanted.envelopeHash, bytes: bytes, expiryDay: expiry, postage: postage,
            maxFee: try price.total)
    }

    /// A voucher of this channel, valid for long enough.
    func voucher(sequence: UInt64, ceiling: Amount, items: [Item]) -> Voucher {
        Voucher(
            channelID: channel, lane: 0, sequence: sequence, cumulativeAmount: ceiling,
            validUntil: Self.now + 10 * UTCDay.seconds, itemsHash: Item.hash(of: items))
    }

    /// A voucher with the signature of this payer, or of another key or domain.
    func signed(
        _ voucher: Voucher, _ items: [Item], by signer: SecretKey? = nil, in domain: EIP712Domain? = nil
    ) -> VoucherJSON {
        let digest = (domain ?? service.domain).digest(of: voucher)
        return VoucherJSON(voucher, items: items, signature: (signer ?? key).sign(digest))
    }

    /// Sends one voucher and returns what became of it.
    func send(_ voucher: VoucherJSON) async throws -> VoucherAnswers.One {
        let answer = try await service.client.post("/v1/vouchers", VoucherJSON.Request(vouchers: [voucher]))
        let results = try answer.decoded(as: VoucherAnswers.self).results
        guard answer.status == 200, results.count == 1 else {
            throw Overdue(description: "one voucher was answered with \(answer.status) \(answer.text.prefix(300))")
        }
        return results[0]
    }

    /// The channel's state as the service tells its signer, the answer's exact text.
    func state() async throws -> String {
        let time = Self.now
        let signature = key.sign(service.domain.digest(of: ChannelQuery(channelID: channel, time: time)))
        let answer = try await service.client.get("/v1/channels/\(channel.hex)?time=\(time)&signature=\(signature.hex)")
        guard answer.status == 200 else { throw Overdue(description: "no state: \(answer.text)") }
        return answer.text
    }
}
