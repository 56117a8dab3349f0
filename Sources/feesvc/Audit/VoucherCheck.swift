import Channels
import Primitives

/// Checks the vouchers in `vouchers.csv`: each charge rests on one, that is signed by who may sign for the channel, and that
/// names the message at no less than its price.
struct VoucherCheck {
    private static let vouchersLeast = 8

    /// A charge with its leaf and its row of `charges.csv`, which opens the channel that paid.
    private struct Paid {
        let charge: Charge
        let leaf: LogLeaf
        let row: ArraySlice<UInt8>

        func channel() throws -> Bytes32 {
            guard let (channel, _) = ChargesCheck.opening(row) else {
                throw AuditDifference("charges.csv", "row", expected: "charge \(charge.number)", found: "another")
            }
            return channel
        }
    }

    /// A voucher's line with the charges that rest on it.
    private struct Order {
        let firstCharge: UInt64
        let line: ArraySlice<UInt8>
        var charges: [Paid] = []

        var place: String { "vouchers.csv, voucher of charge \(firstCharge)" }
    }

    private let signers: ChannelSigners
    private let domain: EIP712Domain
    /// The check of the vouchers that were read last.
    private let checks = Beside()
    private var rows: LineQueue
    private var vouchers: LineQueue
    /// The voucher whose charges are being met.
    private var open: Order?
    /// The voucher after it.
    private var next: Order?
    /// How many signatures were checked.
    private(set) var count: UInt64 = 0

    init(_ folder: AuditFolder, signers: ChannelSigners, domain: EIP712Domain) throws {
        self.signers = signers
        self.domain = domain
        rows = try LineQueue(try folder.source("charges.csv"))
        _ = try rows.next()
        vouchers = try LineQueue(try folder.source("vouchers.csv"))
        let columns = VoucherRow.form.columns.joined(separator: ",")
        guard let first = try vouchers.next(), String(decoding: first.bytes, as: UTF8.self) == columns + "\r" else {
            throw AuditDifference("vouchers.csv, line 1", "columns", expected: columns, found: "others")
        }
        next = try readNext()
    }

    private mutating func readNext() throws -> Order? {
        guard let line = try vouchers.next() else { return nil }
        let number = line.bytes.withUnsafeBytes { bytes -> UInt64? in
            var scanner = LineScanner(bytes)
            guard let number = scanner.unsigned(), scanner.comma() else { return nil }
            return number
        }
        guard let number else {
            throw AuditDifference(
                "vouchers.csv, line \(line.number)", "voucher", expected: "first_charge,0x…", found: "another line")
        }
        return Order(firstCharge: number, line: line.bytes)
    }

    /// A leaf with its charge, where it is one's.
    static func read(_ leaf: LogLeaf) -> (leaf: LogLeaf, charge: Charge?) {
        (leaf, (try? leaf.charge()).flatMap { $0 })
    }

    /// Takes in the next leaves of the log. Their vouchers are checked while the caller reads on.
    mutating func take(_ leaves: [(leaf: LogLeaf, charge: Charge?)]) throws {
        let orders: [Order]
        do {
            orders = try self.orders(leaves)
        } catch {
            // What is wrong with a voucher before stands before it in the log.
            try checks.finish()
            throw error
        }
        count += UInt64(orders.count)
        try checks.start { [signers, domain] in try Self.check(orders, signers, domain) }
    }

    private mutating func orders(_ leaves: [(leaf: LogLeaf, charge: Charge?)]) throws -> [Order] {
        var orders: [Order] = []
        for (leaf, charge) in leaves {
            guard let charge else { continue }
            guard let row = try rows.next() else {
                throw AuditDifference("charges.csv", "row", expected: "charge \(charge.number)", found: "none")
            }
            if let following = next, following.firstCharge == charge.number {
                if let open { orders.append(open) }
                open = following
                next = try readNext()
            }
            guard open != nil else {
                throw AuditDifference(
                    "vouchers.csv", "voucher of charge \(charge.number)", expected: "one",
                    found: next.map { "one of charge \($0.firstCharge)" } ?? "none")
            }
            open?.charges.append(Paid(charge: charge, leaf: leaf, row: row.bytes))
        }
        return orders
    }

    /// Checks the last voucher, and that there is no other.
    mutating func finish() throws {
        try checks.finish()
        if let open {
            count += 1
            try Self.check([open], signers, domain)
        }
        if let next {
            throw AuditDifference(next.place, "charge", expected: "one in the log of the epoch", found: "none")
        }
    }

    private static func check(_ orders: [Order], _ signers: ChannelSigners, _ domain: EIP712Domain) throws {
        _ = try Parallel.map(orders.count, least: vouchersLeast) { range in
            for order in orders[range] {
                try AuditDifference.inPlace(order.place) { try check(order, signers, domain) }
            }
        }
    }

    private static func check(_ order: Order, _ signers: ChannelSigners, _ domain: EIP712Domain) throws {
        let bytes = order.line.withUnsafeBytes { bytes -> [UInt8]? in
            var scanner = LineScanner(bytes)
            guard scanner.unsigned() != nil, scanner.comma(), let voucher = scanner.hex(), scanner.isAtEnd else {
                return nil
            }
            return voucher
        }
        guard let bytes, let first = order.charges.first else {
            throw AuditDifference(order.place, "voucher", expected: "0x…", found: "something else")
        }
        let signed = try SignedVoucher(canonicalBytes: bytes)
        let voucher = signed.voucher
        try AuditDifference.check(order.place, "channel", expected: try first.channel(), found: voucher.channelID)
        try AuditDifference.check(
            order.place, "hash of its items", expected: voucher.itemsHash, found: Item.hash(of: signed.items))
        var items = signed.items[...]
        for paid in order.charges { try check(paid, of: voucher.channelID, in: &items, order) }

        let signer = try signed.signature.recover(domain.digest(of: voucher))
        guard let authority = signers.authority(of: signer, channel: voucher.channelID, before: first.leaf.index) else {
            throw AuditDifference(
                order.place, "signature", expected: "that of a signer of channel \(voucher.channelID)", found: signer)
        }
        // What was restored was taken in a history that was lost, and is not asked for its end again.
        try authority.check(voucher, earliest: first.leaf.kind == .restored ? 0 : first.leaf.time)
    }

    /// A charge is for an item of its voucher, in their order; items that were paid before are passed over.
    private static func check(
        _ paid: Paid, of channel: Bytes32, in items: inout ArraySlice<Item>, _ order: Order
    ) throws {
        let charge = paid.charge
        guard let place = items.firstIndex(where: { $0.envelopeHash == charge.envelopeHash }) else {
            throw AuditDifference(
                order.place, "item for charge \(charge.number)", expected: charge.envelopeHash, found: "none")
        }
        let item = items[place]
        items = items[(place + 1)...]
        let total = try charge.price.total
        guard try paid.channel() == channel, item.bytes == charge.bytes, item.expiryDay == charge.expiryDay,
            item.postage == charge.price.postage, total <= item.maxFee
        else {
            throw AuditDifference(
                order.place, "item for charge \(charge.number)", expected: "what was charged, at no more than agreed",
                found: "another")
        }
    }
}
