import Foundation
import Testing

/// A figure in a report by what it means, so that tests can find one of its digits.
enum ReportFigure: String, CaseIterable, CustomTestStringConvertible {
    case journalDebit = "a debit in journal.csv"
    case journalHash = "an entry's hash in journal.csv"
    case closingBalance = "a balance in trial-balance.csv"
    case openingBalance = "an opening total in trial-balance.csv"
    case baseFee = "a base fee in log.csv"
    case commitment = "a commitment in log.csv"
    case pool = "the pool in seal.csv"
    case observedEpoch = "the epoch of an observation in seal.csv"
    case sealTime = "the time of a result in seal.csv"
    case attestedEpoch = "the epoch of an attestation in log.csv"
    case chargeTag = "the tag of a charge in log.csv"
    case observationTag = "the tag of an observation in seal.csv"
    case genesisTag = "the tag of the genesis in opening.json"
    case headTag = "the tag of the head in head.csv"
    case congestion = "the congestion fee in opening.json"
    case registration = "the time of a node's registration in opening.json"
    case chargeTotal = "a total in charges.csv"
    case chargeSalt = "a salt in charges.csv"
    case heldStorage = "the storage of a held charge in held.csv"
    case heldBase = "the base of a held charge in held.csv"
    case nodeStake = "a node's stake in opening.json"
    case reward = "a reward in rewards.csv"
    case refund = "an amount in refunds.csv"
    case captured = "the captured storage in summary.csv"

    var testDescription: String { rawValue }

    /// The file that holds it.
    var file: String { String(rawValue.split(separator: " ").last ?? "") }

    /// The place of one of its digits in the file's content.
    func place(in content: String) -> Int? {
        let bytes = Array(content.utf8)
        switch self {
        case .journalDebit: return Self.field(6, ofLine: { $0.contains(",cut,") && $0.contains(",held:base,") }, bytes)
        case .journalHash: return Self.field(9, ofLine: { $0.contains(",cut,") }, bytes)
        case .closingBalance: return Self.field(7, ofLine: { $0.hasPrefix("held:storage,") }, bytes)
        case .openingBalance:
            return Self.field(2, ofLine: { $0.hasPrefix("custody,") || $0.hasPrefix("held:base,") }, bytes)
        // The body of a charge: its base fee follows tag, number, epoch, commitment, envelope, bytes, expiry, schedule.
        case .baseFee: return Self.body(ofKind: 4, at: 4 + 15 + 8 + 8 + 32 + 32 + 4 + 4 + 4 + 15, bytes)
        case .commitment: return Self.body(ofKind: 4, at: 4 + 15 + 8 + 8 + 5, bytes)
        // A result: its pool follows tag, ruleset, epoch, indexes, inputs and six amounts.
        case .pool: return Self.body(ofKind: 13, at: 4 + 15 + 4 + 8 + 8 + 8 + 32 + 6 * 16 + 15, bytes)
        // Signed bytes: tag, length; an observation: tag, epoch.
        case .observedEpoch: return Self.body(ofKind: 12, at: 4 + 15 + 4 + 4 + 20 + 7, bytes)
        case .sealTime: return Self.field(1, ofLine: { $0.contains(",13,0x") }, bytes)
        case .attestedEpoch: return Self.body(ofKind: 14, at: 4 + 20 + 7, bytes)
        case .chargeTag: return Self.body(ofKind: 4, at: 4, bytes)
        case .observationTag: return Self.body(ofKind: 12, at: 4 + 15 + 4 + 4, bytes)
        case .genesisTag: return Self.digit(after: "\"genesis\" : \"0x00000010", bytes)
        case .headTag: return Self.digit(after: "0x0000000d", bytes)
        // The schedule's congestion unit follows its storage fee of 22.
        case .congestion: return Self.digit(after: String(repeating: "0", count: 30) + "16", bytes)
        case .registration: return Self.digit(after: "\"registeredAt\" : ", bytes)
        case .chargeTotal: return Self.field(10, ofLine: { $0.contains(",0x") }, bytes)
        case .chargeSalt: return Self.field(12, ofLine: { $0.contains(",0x") }, bytes)
        case .heldStorage: return Self.field(5, ofLine: { $0.first?.isNumber == true }, bytes)
        case .heldBase: return Self.field(2, ofLine: { $0.first?.isNumber == true }, bytes)
        // 1,000,000,000,000 units in a node's registration.
        case .nodeStake: return Self.digit(after: "000000000000000000000e8d4a5", bytes)
        case .reward: return Self.field(10, ofLine: { $0.contains(",0x") }, bytes)
        case .refund: return Self.field(5, ofLine: { $0.contains(",welcomed,") }, bytes)
        case .captured: return Self.field(1, ofLine: { $0.hasPrefix("captured storage,") }, bytes)
        }
    }

    /// The last digit of a field of the first line that `isIt`.
    private static func field(_ number: Int, ofLine isIt: (String) -> Bool, _ bytes: [UInt8]) -> Int? {
        var start = 0
        for line in bytes.split(separator: 0x0a, omittingEmptySubsequences: false) {
            defer { start += line.count + 1 }
            guard isIt(String(decoding: line, as: UTF8.self)) else { continue }
            let fields = line.split(separator: 0x2c, omittingEmptySubsequences: false)
            guard number < fields.count else { return nil }
            return fields[number].lastIndex { (0x30...0x39).contains($0) }
        }
        return nil
    }

    /// The first decimal digit at or after a byte of the body of the first leaf of a kind.
    private static func body(ofKind kind: Int, at offset: Int, _ bytes: [UInt8]) -> Int? {
        let mark = Array(",\(kind),0x".utf8)
        guard let found = bytes.firstRange(of: mark) else { return nil }
        return bytes[(found.upperBound + 2 * offset)...].firstIndex { (0x30...0x39).contains($0) }
    }

    /// The first digit after a mark.
    private static func digit(after mark: String, _ bytes: [UInt8]) -> Int? {
        guard let found = bytes.firstRange(of: Array(mark.utf8)) else { return nil }
        return bytes[found.upperBound...].firstIndex { (0x30...0x39).contains($0) }
    }
}
