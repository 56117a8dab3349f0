import Ledger
import Channels
public import Primitives

/// What is stored can't be read as what it should be: the database was changed by something else.
public struct StorageCorruption: Error, CustomStringConvertible {
    /// What was found where.
    public let description: String

    /// Says what was found where.
    public init(_ description: String) {
        self.description = description
    }
}

extension Row {
    /// A column of 32 bytes.
    public func hash(_ column: String) throws -> Bytes32 {
        guard let value = Bytes32(try bytes(column)) else { throw StorageCorruption("\(column) is not 32 bytes") }
        return value
    }

    /// A column of 20 bytes.
    public func address(_ column: String) throws -> Address {
        guard let value = Address(try bytes(column)) else { throw StorageCorruption("\(column) is not 20 bytes") }
        return value
    }

    /// A column with a signature.
    public func signature(_ column: String) throws -> Signature { try Signature(try bytes(column)) }

    /// A column with an amount.
    public func amount(_ column: String) throws -> Amount { Amount(try numeric(column)) }

    /// A column with a count or a time.
    public func unsigned(_ column: String) throws -> UInt64 {
        let value = try int(column)
        guard value >= 0 else { throw StorageCorruption("\(column) is \(value)") }
        return UInt64(value)
    }

    /// A column with a count or a time, or NULL.
    public func optionalUnsigned(_ column: String) throws -> UInt64? {
        try optionalInt(column) == nil ? nil : try unsigned(column)
    }

    /// A column with a sequence or a time of up to 64 bits, stored as NUMERIC.
    public func wide(_ column: String) throws -> UInt64 {
        guard let value = UInt64(exactly: try numeric(column)) else {
            throw StorageCorruption("\(column) is above 2^64 - 1")
        }
        return value
    }

    /// The leaves of a block, in the columns first_index, time, kind, bodies.
    func leaves() throws -> [LogLeaf] {
        guard let kind = LeafKind(rawValue: UInt16(clamping: try int("kind"))) else {
            throw StorageCorruption("a leaf of an unknown kind")
        }
        let first = try unsigned("first_index")
        let time = try unsigned("time")
        return try LogBlock.decode(try bytes("bodies")).enumerated().map { place, body in
            LogLeaf(index: first + UInt64(place), time: time, kind: kind, body: body)
        }
    }

    /// The ledger account in a column.
    func account(_ column: String) throws -> LedgerAccount {
        let name = try text(column)
        guard let account = LedgerAccount(name: name) else {
            throw StorageCorruption("there is no ledger account \(name)")
        }
        return account
    }
}
