import Channels
import Primitives

/// Who may sign for the channels that pay in an epoch, at each place in the log: `channels.csv` and `signers.csv`.
///
/// A channel's id is the hash of its opening, so that payer and first signer need no other proof; every change of its
/// signers is signed by the payer.
struct ChannelSigners {
    /// What a payer said about a signer.
    private struct Change {
        let index: UInt64
        let signer: Address
        /// `nil` revokes.
        let authority: SignerAuthority?
        /// What was signed.
        let digest: Bytes32
        let signature: Signature
        let payer: Address
    }

    private struct Channel {
        let payer: Address
        let signer: Address
        var changes: [Change] = []
    }

    private var channels: [Bytes32: Channel] = [:]
    /// The digest of each change, by its leaf.
    private(set) var statements: [UInt64: Bytes32] = [:]

    init(_ folder: AuditFolder, domain: EIP712Domain) throws {
        try readChannels(try folder.source("channels.csv"), domain)
        try readChanges(try folder.source("signers.csv"), domain)
    }

    /// What a key may sign for a channel right before the leaf at `index`; `nil` where it may sign nothing.
    func authority(of signer: Address, channel id: Bytes32, before index: UInt64) -> SignerAuthority? {
        guard let channel = channels[id] else { return nil }
        if let last = channel.changes.last(where: { $0.signer == signer && $0.index < index }) { return last.authority }
        return signer == channel.signer ? .unlimited : nil
    }

    private mutating func readChannels(_ source: AuditSource, _ domain: EIP712Domain) throws {
        var blocks = try LineBlocks(source)
        let start = PayerColumns.channels.joined(separator: ",")
        var isFirst = true
        while let block = try blocks.next() {
            if isFirst, block.text(0) != start { break }
            let lines = (isFirst ? 1 : 0)..<block.lines.count
            isFirst = false
            let parts = try Parallel.map(lines.count, least: 256) { range in
                try block.bytes.withUnsafeBytes { bytes in
                    try range.map { place in
                        let line = lines.lowerBound + place
                        let text = UnsafeRawBufferPointer(rebasing: bytes[block.lines[line]])
                        guard let (id, opening) = Self.opening(text), opening.channelID(in: domain) == id else {
                            throw AuditDifference(
                                "\(source.name), line \(block.firstNumber + line)", "channel",
                                expected: "the hash of its opening", found: block.text(line))
                        }
                        return (id, Channel(payer: opening.payer, signer: opening.signer))
                    }
                }
            }
            for (id, channel) in parts.joined() { channels[id] = channel }
        }
        if isFirst { throw AuditDifference(source.name, "first line", expected: start, found: "another") }
    }

    private static func opening(_ line: UnsafeRawBufferPointer) -> (Bytes32, OpenChannel)? {
        var scanner = LineScanner(line)
        guard let id = scanner.hex().flatMap({ Bytes32($0) }), scanner.comma(),
            let payer = scanner.hex().flatMap({ Address($0) }), scanner.comma(),
            let signer = scanner.hex().flatMap({ Address($0) }), scanner.comma(),
            let opening = scanner.hex().flatMap({ Bytes32($0) }), scanner.isAtEnd
        else { return nil }
        return (id, OpenChannel(payer: payer, signer: signer, opening: opening))
    }

    private mutating func readChanges(_ source: AuditSource, _ domain: EIP712Domain) throws {
        var changes: [Change] = []
        try CSVFile.forEachRow(source, columns: PayerColumns.signers) { row in
            guard let index = UInt64(row[0]), let id = Bytes32(hex: row[1]), let channel = channels[id],
                let change = Self.change(row, index, id, payer: channel.payer, domain)
            else {
                throw AuditDifference(
                    source.name, "statement", expected: "one about a channel that pays",
                    found: row.joined(separator: ","))
            }
            if let last = changes.last, last.index >= index {
                throw AuditDifference(source.name, "leaf", expected: "after \(last.index)", found: index)
            }
            changes.append(change)
            channels[id]?.changes.append(change)
            statements[index] = change.digest
        }
        _ = try Parallel.map(changes.count, least: 16) { [changes] range in
            for change in changes[range] where !change.signature.isBy(change.payer, over: change.digest) {
                throw AuditDifference(
                    "\(source.name), leaf \(change.index)", "signature", expected: "the payer's, \(change.payer)",
                    found: "another")
            }
        }
    }

    private static func change(
        _ row: [String], _ index: UInt64, _ id: Bytes32, payer: Address, _ domain: EIP712Domain
    ) -> Change? {
        guard let signer = Address(hex: row[2]), let nonce = UInt64(row[6]),
            let signature = Hex.decode(row[7]).flatMap({ try? Signature($0) })
        else { return nil }
        if row[3].isEmpty, row[4].isEmpty, row[5].isEmpty {
            let revocation = Revocation(channelID: id, signer: signer, nonce: nonce)
            return Change(
                index: index, signer: signer, authority: nil, digest: domain.digest(of: revocation),
                signature: signature, payer: payer)
        }
        guard let lane = UInt32(row[3]), let ceiling = Amount(decimal: row[4]), let expires = UInt64(row[5]) else {
            return nil
        }
        let delegation = Delegation(
            channelID: id, signer: signer, lane: lane, ceiling: ceiling, expires: expires, nonce: nonce)
        return Change(
            index: index, signer: signer, authority: delegation.authority, digest: domain.digest(of: delegation),
            signature: signature, payer: payer)
    }
}
