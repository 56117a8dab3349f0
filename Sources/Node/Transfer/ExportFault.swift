public import Primitives

/// What is wrong with an exported file.
public enum ExportFault: Error, Hashable, Sendable {
    /// It does not begin as one.
    case notAnExport
    /// Another version of the program wrote it.
    case version(String)
    /// It ends in the middle of something.
    case truncated
    /// Bytes follow its end.
    case trailing
    /// A block's length is outside its limits.
    case blockLength(limit: Int, found: Int)
    /// The bytes from one place to the next digest are not what was written.
    case changed(since: UInt64)
    /// No record is of this kind.
    case kind(UInt8)
    /// A record can't be read.
    case record(kind: UInt8, reason: String)
    /// A record is not where its kind belongs.
    case order(kind: UInt8)
    /// Its end counts something else than it holds.
    case count(of: String, expected: UInt64, found: UInt64)
    /// Nobody, or another, signed what it holds.
    case signature(of: String)
    /// The floor is above what the log key's signatures say.
    case floor(found: UTCDay, highest: UTCDay)
    /// An event breaks a rule of admission.
    case event(id: Bytes32, refusal: EventRefusal)
    /// Two events or heads do not contradict each other.
    case noContradiction
}

extension ExportFault: CustomStringConvertible {
    /// What is wrong, in a few words.
    public var description: String {
        switch self {
        case .notAnExport: "this is no file of feesvc node export"
        case .version(let found): "it is of the form \(found), this program reads \(ExportForm.name)"
        case .truncated: "the file ends here, in the middle of what was written"
        case .trailing: "something follows the end"
        case .blockLength(let limit, let found): "a block of \(found) bytes, where 1 to \(limit) are allowed"
        case .changed(let since): "something was changed between byte \(since) and here: the SHA-256 does not fit"
        case .kind(let kind): "no record is of kind \(kind)"
        case .record(let kind, let reason): "a record of kind \(kind) can't be read: \(reason)"
        case .order(let kind): "a record of kind \(kind) does not belong here"
        case .count(let what, let expected, let found): "its end says \(expected) \(what), it holds \(found)"
        case .signature(let what): "the signature of \(what) is not by the key that should have signed it"
        case .floor(let found, let highest): "the floor is \(found), the log key's signatures allow \(highest) at most"
        case .event(let id, let refusal): "event \(id) breaks a rule of admission: \(refusal)"
        case .noContradiction: "what is given as evidence is none: the two do not contradict each other"
        }
    }
}

/// A fault and the byte of the file at which it was found.
struct PlacedFault: Error, Hashable, Sendable {
    let byte: UInt64
    let fault: ExportFault
}

/// How an exported file is cut.
enum ExportForm {
    /// What the file begins with, and its version.
    static let name = "feesvc-export/1"
    static let magic = Array((name + "\n").utf8)
    /// The bytes of records after which a block ends.
    static let blockBytes = 1_048_576
    /// The most bytes of a block: one record more than that.
    static let blockBytesMax = blockBytes + 5 + ExportRecord.bodyBytesMax
    /// The most records of a block.
    static let blockRecordsMax = 512
}
