public import Channels
import Primitives

/// A voucher that was charged, with the number of the first charge that it pays for.
public struct StoredVoucher: Hashable, Sendable {
    /// Its first charge; the others follow.
    public let firstCharge: UInt64
    /// The voucher.
    public let voucher: SignedVoucher

    /// Makes a record.
    public init(firstCharge: UInt64, voucher: SignedVoucher) {
        self.firstCharge = firstCharge
        self.voucher = voucher
    }
}

/// The vouchers that charges rest on, in blocks: a row holds up to ``countMax`` of a batch.
public struct VoucherStore: Sendable {
    /// The most vouchers of a block: what is read to get at one of them.
    static let countMax = 64

    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Keeps a batch's vouchers, ascending by first charge.
    public func keep(_ vouchers: [StoredVoucher]) async throws {
        guard !vouchers.isEmpty else { return }
        let blocks = stride(from: 0, to: vouchers.count, by: Self.countMax).map { start in
            vouchers[start..<min(start + Self.countMax, vouchers.count)]
        }
        _ = try await transaction.execute(
            """
            INSERT INTO voucher_blocks (first_charge, vouchers) SELECT * FROM unnest( \
            \(blocks.map { $0[$0.startIndex].firstCharge }), \(blocks.map(Self.encode)))
            """)
    }

    /// The voucher that a charge rests on.
    public func voucher(of charge: UInt64) async throws -> StoredVoucher? {
        let rows = try await transaction.query(
            """
            SELECT vouchers FROM voucher_blocks WHERE first_charge <= \(charge) \
            ORDER BY first_charge DESC LIMIT 1
            """)
        return try rows.first.flatMap { row in
            try Self.decode(try row.bytes("vouchers")).last { $0.firstCharge <= charge }
        }
    }

    /// `list<u64 firstCharge, bytes voucher>`.
    private static func encode(_ vouchers: ArraySlice<StoredVoucher>) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.append(list: vouchers) { encoder, stored in
            encoder.append(stored.firstCharge)
            encoder.append(stored.voucher.canonicalBytes)
        }
        return encoder.bytes
    }

    private static func decode(_ bytes: [UInt8]) throws(CanonicalError) -> [StoredVoucher] {
        var decoder = CanonicalDecoder(untagged: bytes)
        let vouchers = try decoder.readList(limit: countMax) { decoder throws(CanonicalError) in
            StoredVoucher(
                firstCharge: try decoder.readUInt64(),
                voucher: try SignedVoucher(canonicalBytes: try decoder.readBytes(limit: SignedVoucher.bytesMax)))
        }
        try decoder.finish()
        return vouchers
    }
}
