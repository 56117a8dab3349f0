import Primitives

/// A set of ids as the very bytes that its root is the hash of, so that a root costs one pass of SHA-256 and no copy.
struct SortedIDs {
    private static let idBytes = 32
    private static let emptySet = {
        var encoder = CanonicalEncoder(tag: "feesvc/set/1")
        encoder.append(0 as UInt32)
        return encoder.bytes
    }()

    /// `tagged "feesvc/set/1": list<b32>`.
    private var bytes = Self.emptySet

    /// How many ids.
    private(set) var count = 0

    /// The set's root.
    var root: Bytes32 { SHA256.hash(bytes) }

    /// The id at a place, ascending.
    subscript(place: Int) -> Bytes32 {
        let start = Self.emptySet.count + place * Self.idBytes
        guard let id = Bytes32(bytes[start..<start + Self.idBytes]) else { preconditionFailure("an id has 32 bytes") }
        return id
    }

    /// The first place whose id is not below `id`; found by the first eight bytes, which hashes hardly ever share.
    func lowerBound(of id: Bytes32) -> Int {
        var low = 0
        var high = count
        bytes.withUnsafeBytes { bytes in
            while low < high {
                let middle = (low + high) / 2
                let start = Self.emptySet.count + middle * Self.idBytes
                let prefix = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
                if prefix < id.prefix { low = middle + 1 } else { high = middle }
            }
        }
        while low < count, self[low] < id { low += 1 }
        return low
    }

    /// Whether an id is in the set.
    func contains(_ id: Bytes32) -> Bool {
        let place = lowerBound(of: id)
        return place < count && self[place] == id
    }

    /// Adds ids that ascend and are not in the set.
    mutating func insert(ascending ids: [Bytes32]) {
        guard !ids.isEmpty else { return }
        precondition(count + ids.count <= Int(UInt32.max), "a set has fewer than 2^32 ids")
        var merged: [UInt8] = []
        merged.reserveCapacity(bytes.count + ids.count * Self.idBytes)
        var copied = 0
        for id in ids {
            let end = Self.emptySet.count + lowerBound(of: id) * Self.idBytes
            merged.append(contentsOf: bytes[copied..<end])
            merged.append(contentsOf: id.bytes)
            copied = end
        }
        merged.append(contentsOf: bytes[copied...])
        count += ids.count
        var size = WireWriter()
        size.append(UInt32(count))
        merged.replaceSubrange(Self.emptySet.count - size.bytes.count..<Self.emptySet.count, with: size.bytes)
        bytes = merged
    }
}
