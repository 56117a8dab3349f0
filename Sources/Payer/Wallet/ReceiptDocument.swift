public import Channels
import Foundation
public import Primitives

/// A receipt in a file, with all that checks it: who has the file needs nobody to know that the message was paid.
public struct ReceiptDocument: Codable, Sendable {
    /// The largest file that is read.
    public static let bytesMax = 64 << 10
    private static let version = 1

    private let version: Int
    /// The log's parameters; their hash is the log's id, and they name chain, instance and log key.
    public let genesis: HexBytes
    /// The channel that paid.
    public let channelId: Bytes32
    /// What was ordered; absent where the order is not known any more.
    public let item: ItemBody?
    /// The receipt's canonical bytes.
    public let receipt: HexBytes
    /// Opens the receipt's commitment to the channel. Who may not know who paid must not get it.
    public let salt: Bytes32

    /// The voucher that paid, canonical bytes, with which the charge can be restored where the service loses it. Absent where
    /// it is not known any more.
    public let voucher: HexBytes?

    /// Makes a document.
    public init(
        genesis: Genesis, channelID: Bytes32, item: Item?, receipt: Receipt, salt: Bytes32,
        voucher: SignedVoucher? = nil
    ) {
        self.voucher = voucher.map { HexBytes($0.canonicalBytes) }
        version = Self.version
        self.genesis = HexBytes(genesis.canonicalBytes)
        channelId = channelID
        self.item = item.map(ItemBody.init)
        self.receipt = HexBytes(receipt.canonicalBytes)
        self.salt = salt
    }

    /// The file's text.
    public var json: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
        } catch {
            preconditionFailure("texts and whole numbers are always JSON: \(error)")
        }
    }

    /// Reads a file's text; nothing of it is believed before ``check(logKey:)``.
    public init(json: [UInt8]) throws(ReceiptDocumentRefusal) {
        do {
            self = try JSONDecoder().decode(ReceiptDocument.self, from: Data(json))
        } catch {
            throw .form("its JSON lacks a member or has one of the wrong form")
        }
        guard version == Self.version else { throw .form("version \(version) is not known") }
    }

    /// Checks the document from public keys alone and tells what it proves: that the leaf is in a log whose head the log
    /// key signed, and that the charge pays for the item, from the channel, at no more than was agreed.
    ///
    /// `logKey` is the key in force where it is another than the first one.
    public func check(logKey: Address? = nil) throws(ReceiptDocumentRefusal) -> ProvenCharge {
        let parameters: Genesis
        do {
            parameters = try Genesis(canonicalBytes: genesis.bytes)
        } catch {
            throw .form("its genesis is not canonical: \(error)")
        }
        do {
            let receipt = try Receipt(canonicalBytes: self.receipt.bytes)
            try receipt.check(
                logID: parameters.logID, logKey: logKey ?? parameters.logKey, domain: parameters.domain)
            guard receipt.charge.commitment == Charge.commitment(to: channelId, salt: salt) else {
                throw ReceiptDocumentRefusal.channel
            }
            guard let total = try? receipt.charge.price.total else { throw ReceiptDocumentRefusal.overcharged }
            if let item = item?.item {
                guard receipt.charge.envelopeHash == item.envelopeHash, receipt.charge.bytes == item.bytes,
                    receipt.charge.expiryDay == item.expiryDay
                else { throw ReceiptDocumentRefusal.receipt(.otherEnvelope) }
                guard total <= item.maxFee else { throw ReceiptDocumentRefusal.overcharged }
            }
            return ProvenCharge(genesis: parameters, channelID: channelId, receipt: receipt, total: total)
        } catch let refusal as ReceiptDocumentRefusal {
            throw refusal
        } catch let refusal as ReceiptRefusal {
            throw .receipt(refusal)
        } catch {
            throw .form("\(error)")
        }
    }
}

/// What a receipt's document proves.
public struct ProvenCharge: Sendable {
    /// The log's parameters.
    public let genesis: Genesis
    /// The channel that paid.
    public let channelID: Bytes32
    /// The receipt.
    public let receipt: Receipt
    /// The price, all parts together.
    public let total: Amount
}

/// Why a receipt's document proves nothing.
public enum ReceiptDocumentRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is not the JSON of a receipt.
    case form(String)
    /// The receipt within.
    case receipt(ReceiptRefusal)
    /// The salt does not open the commitment to the channel.
    case channel
    /// The charge is above what was agreed.
    case overcharged

    /// What is wrong, as the end of a sentence.
    public var description: String {
        switch self {
        case .form(let reason): "it is no receipt file (\(reason))"
        case .receipt(.form(let error)): "the receipt's bytes are not canonical (\(error))"
        case .receipt(.notACharge): "its leaf records something else than a charge"
        case .receipt(.otherLog): "its head is of another log than its genesis"
        case .receipt(.headSignature): "its head was not signed by the log key"
        case .receipt(.path): "its path does not lead from the leaf to the head's root"
        case .receipt(.otherEnvelope): "its charge is for another message than its item"
        case .channel: "its salt does not open the charge's commitment to the channel"
        case .overcharged: "the charge is above the maxFee that was agreed"
        }
    }
}
