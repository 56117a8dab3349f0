import Channels
import Payer
import Primitives

/// Requests of signed vouchers, made before the clock starts: one item a voucher, a channel at most once a request.
struct VoucherSupply: Sendable {
    private var keys: [SecretKey]
    private var channels: [Bytes32]
    let domain: EIP712Domain
    private let fee: Amount
    private let expiry: UTCDay
    private let validUntil: UInt64
    private var sequences: [UInt64]
    private var cursors: [Int] = []
    private var cursor = 0
    private let placeholder: Signature

    init(keys: [SecretKey], channels: [Bytes32], service: ServiceConnection, now: UInt64) throws {
        self.keys = keys
        self.channels = channels
        domain = service.domain
        expiry = UTCDay(number: UTCDay(containing: now).number + 60)
        validUntil = now + 30 * UTCDay.seconds
        sequences = [UInt64](repeating: 0, count: channels.count)
        placeholder = SecretKey(seed: 1, label: "bench").sign(.zero)
        let item = Item(envelopeHash: .zero, bytes: 1_024, expiryDay: expiry, postage: .zero, maxFee: .max)
        // A run over midnight buys a day less; what is agreed to is the dearer.
        fee = try service.schedule.price(item, acceptedAt: now, congestion: 0).total
    }

    /// What a channel needs for `count` vouchers.
    func deposit(for count: Int) throws -> Amount { try fee.times(UInt64(count)) }

    /// The next `count` requests of `batch` vouchers. Request i is for connection i modulo `connections`, and each connection
    /// has channels of its own, taken in turn: vouchers of a channel must arrive in order.
    mutating func requests(_ count: Int, batch: Int, connections: Int) async -> [[UInt8]] {
        let share = channels.count / connections
        precondition(share >= batch, "a request names a channel once")
        if cursors.count < connections { cursors += [Int](repeating: 0, count: connections - cursors.count) }
        var orders: [[(channel: Int, sequence: UInt64)]] = []
        for request in 0..<count {
            let connection = request % connections
            orders.append(
                (0..<batch).map { _ in
                    let channel = connection * share + cursors[connection]
                    cursors[connection] = (cursors[connection] + 1) % share
                    sequences[channel] += 1
                    return (channel, sequences[channel])
                })
        }
        let supply = self
        return await withTaskGroup(of: (Int, [[UInt8]]).self) { group in
            let part = max(1, (orders.count + 15) / 16)
            for start in stride(from: 0, to: orders.count, by: part) {
                let part = orders[start..<min(start + part, orders.count)]
                group.addTask { (start, part.map { order in VoucherFrames.request(order.map(supply.sign)) }) }
            }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.flatMap(\.1)
        }
    }

    /// Vouchers of the next channels in turn, one each, as if their signatures had been recovered.
    mutating func unsigned(_ count: Int) -> [RecoveredVoucher] {
        (0..<count).map { _ in
            let channel = cursor
            cursor = (cursor + 1) % channels.count
            sequences[channel] += 1
            let (voucher, items) = voucher(channel: channel, sequence: sequences[channel], label: "")
            return RecoveredVoucher(
                signed: SignedVoucher(voucher: voucher, items: items, signature: placeholder),
                signer: keys[channel].address)
        }
    }

    /// More channels pay from now on.
    mutating func add(_ keys: ArraySlice<SecretKey>, channels: [Bytes32]) {
        self.keys += keys
        self.channels += channels
        sequences += [UInt64](repeating: 0, count: channels.count)
        cursors = []
    }

    /// How many channels pay.
    var channelCount: Int { channels.count }

    private func sign(_ order: (channel: Int, sequence: UInt64)) -> SignedVoucher {
        voucher(channel: order.channel, sequence: order.sequence, label: "")
    }

    /// A voucher whose ceiling covers exactly its channel's messages so far.
    func voucher(channel: Int, sequence: UInt64, label: String) -> SignedVoucher {
        let (voucher, items) = voucher(channel: channel, sequence: sequence, label: label)
        return SignedVoucher(
            voucher: voucher, items: items, signature: keys[channel].sign(domain.digest(of: voucher)))
    }

    private func voucher(channel: Int, sequence: UInt64, label: String) -> (Voucher, [Item]) {
        var encoder = CanonicalEncoder(tag: "feesvc/bench/1")
        encoder.append(channels[channel])
        encoder.append(sequence)
        encoder.append(label)
        let item = Item(
            envelopeHash: SHA256.hash(encoder.bytes), bytes: 1_024, expiryDay: expiry, postage: .zero, maxFee: fee)
        let voucher = Voucher(
            channelID: channels[channel], lane: 0, sequence: sequence,
            cumulativeAmount: (try? fee.times(sequence)) ?? .max, validUntil: validUntil,
            itemsHash: Item.hash(of: [item]))
        return (voucher, [item])
    }
}
