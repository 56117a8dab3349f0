import Channels
import Primitives
import Storage

/// What is told of vouchers before any lock: their form first, then what the channel's state alone decides, and the
/// signature last. So whoever floods the service with what is malformed, unknown or used up costs it no signature.
struct VoucherScreen {
    private let service: FeeService

    init(_ service: FeeService) {
        self.service = service
    }

    /// A refusal, or the voucher with its signer, for each voucher in order.
    func screen(_ vouchers: [SignedVoucher]) async throws -> [Result<RecoveredVoucher, VoucherRefusal>] {
        var results: [Result<RecoveredVoucher, VoucherRefusal>?] = vouchers.map { voucher in
            do throws(VoucherRefusal) {
                try service.admission.checkForm(voucher, now: service.clock.now)
                return nil
            } catch {
                return .failure(error)
            }
        }
        let open = vouchers.indices.filter { results[$0] == nil }
        let channels = try await channels(of: open.map { vouchers[$0].voucher.channelID })
        let stale = try await stale(open.map { vouchers[$0] }, channels)
        var signed: [(place: Int, voucher: SignedVoucher, channel: ChannelState)] = []
        for place in open {
            let voucher = vouchers[place]
            if let channel = channels[voucher.voucher.channelID] {
                if stale.contains(VoucherPlace(voucher)) {
                    results[place] = .failure(.sequence(found: voucher.voucher.sequence, newest: nil))
                } else {
                    signed.append((place, voucher, channel.state))
                }
            } else {
                results[place] = .failure(.unknownChannelOrSigner)
            }
        }
        for (place, result) in await recover(signed) { results[place] = result }
        return results.compactMap(\.self)
    }

    /// The channels, from what the last commit left or, without a lock, from the database.
    private func channels(of ids: [Bytes32]) async throws -> [Bytes32: StoredChannel] {
        let known = service.channels.channels(ids)
        let missing = Set(ids).subtracting(known.keys)
        guard !missing.isEmpty else { return known }
        return known.merging(try await service.read { try await ChannelStore($0).channels(missing) }) { known, _ in
            known
        }
    }

    /// Those whose sequence is used up by other vouchers. One whose items were all charged before asks for its receipts
    /// again, which only its signer may: its signature decides.
    private func stale(
        _ vouchers: [SignedVoucher], _ channels: [Bytes32: StoredChannel]
    ) async throws -> Set<VoucherPlace> {
        var suspects: [(voucher: SignedVoucher, channel: UInt64)] = []
        for voucher in vouchers {
            guard let channel = channels[voucher.voucher.channelID],
                voucher.voucher.sequence <= channel.state.lanes[voucher.voucher.lane]?.sequence ?? 0
            else { continue }
            suspects.append((voucher, channel.number))
        }
        guard !suspects.isEmpty else { return [] }
        let keys = suspects.flatMap { suspect in
            suspect.voucher.items.map { (channel: suspect.channel, envelope: $0.envelopeHash) }
        }
        let charged = try await service.read { try await ChargeStore($0).charged(keys) }
        return Set(
            suspects.filter { suspect in
                suspect.voucher.items.contains { charged[suspect.channel]?[$0.envelopeHash] == nil }
            }.map { VoucherPlace($0.voucher) })
    }

    /// Vouchers whose signatures are recovered in one go; a large request is spread over the cores.
    private static let partCount = 64

    private func recover(
        _ vouchers: [(place: Int, voucher: SignedVoucher, channel: ChannelState)]
    ) async -> [(place: Int, result: Result<RecoveredVoucher, VoucherRefusal>)] {
        let domain = service.domain
        @Sendable func recover(
            _ part: ArraySlice<(place: Int, voucher: SignedVoucher, channel: ChannelState)>
        ) -> [(place: Int, result: Result<RecoveredVoucher, VoucherRefusal>)] {
            part.map { place, voucher, channel in
                guard let signer = try? voucher.signature.recover(domain.digest(of: voucher.voucher)),
                    channel.authority(of: signer) != nil
                else { return (place, .failure(.unknownChannelOrSigner)) }
                return (place, .success(RecoveredVoucher(signed: voucher, signer: signer)))
            }
        }
        guard vouchers.count > Self.partCount else { return recover(vouchers[...]) }
        return await withTaskGroup { group in
            for start in stride(from: 0, to: vouchers.count, by: Self.partCount) {
                let part = vouchers[start..<min(start + Self.partCount, vouchers.count)]
                group.addTask { recover(part) }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Tells vouchers of one request apart.
    private struct VoucherPlace: Hashable {
        let channel: Bytes32
        let lane: UInt32
        let sequence: UInt64
        let items: Bytes32

        init(_ voucher: SignedVoucher) {
            channel = voucher.voucher.channelID
            lane = voucher.voucher.lane
            sequence = voucher.voucher.sequence
            items = voucher.voucher.itemsHash
        }
    }
}
