import Primitives

/// RFC 6962's inclusion paths by their definition, section 2.1: nothing of the code under test but SHA-256.
enum ReferencePath {
    /// The root that a path leads to, `nil` where it has the wrong length.
    static func root(of leaf: Bytes32, index: UInt64, size: UInt64, path: ArraySlice<Bytes32>) -> Bytes32? {
        guard index < size else { return nil }
        guard size > 1 else { return path.isEmpty ? leaf : nil }
        guard let sibling = path.last else { return nil }
        let half: UInt64 = 1 << UInt64(63 - (size - 1).leadingZeroBitCount)
        guard index < half else {
            return root(of: leaf, index: index - half, size: size - half, path: path.dropLast()).map {
                SHA256.hash([1] + sibling.bytes + $0.bytes)
            }
        }
        return root(of: leaf, index: index, size: half, path: path.dropLast()).map {
            SHA256.hash([1] + $0.bytes + sibling.bytes)
        }
    }
}
