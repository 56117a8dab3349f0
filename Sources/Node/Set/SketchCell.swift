import Primitives

/// One coded symbol of a sketch: how many ids it sums, their exclusive or, and that of their keyed hashes.
struct SketchCell: Hashable, Sendable {
    static let zero = SketchCell(count: 0, hashes: 0, ids: .zero)
    /// The fewest bytes of a cell in a frame.
    static let wireBytesMin = 41

    private(set) var count: Int64
    private(set) var hashes: UInt64
    private var word0: UInt64
    private var word1: UInt64
    private var word2: UInt64
    private var word3: UInt64

    init(count: Int64, hashes: UInt64, ids: Bytes32) {
        self.count = count
        self.hashes = hashes
        (word0, word1, word2, word3) = ids.words
    }

    /// The exclusive or of the ids.
    var ids: Bytes32 { Bytes32(words: (word0, word1, word2, word3)) }

    /// Whether it sums nothing; an empty cell of which only some members are zero is no empty cell.
    var isEmpty: Bool { self == .zero }

    /// Adds an id (`by` 1) or takes it out (`by` −1).
    @inline(__always)
    mutating func add(_ id: Bytes32, hash: UInt64, by: Int64) {
        count &+= by
        hashes ^= hash
        let words = id.words
        word0 ^= words.0
        word1 ^= words.1
        word2 ^= words.2
        word3 ^= words.3
    }

    /// What is left where another set's cell is taken out.
    func subtracting(_ other: SketchCell) -> SketchCell {
        var cell = self
        cell.add(other.ids, hash: other.hashes, by: 0)
        cell.count &-= other.count
        return cell
    }
}

/// The cells that an id is part of: the first, and then fewer and fewer, one in 1 + i/2 about place i (Yang, Gilad, Alizadeh,
/// "Practical Rateless Set Reconciliation", SIGCOMM 2024, section 4.2).
struct SketchPlaces {
    private var state: UInt64
    /// The current cell.
    private(set) var place: Int = 0

    /// Starts at the first cell; the id's keyed hash decides the others.
    init(hash: UInt64) {
        state = hash | 1
    }

    /// Goes to the next cell. The gap is IEEE 754 double arithmetic with a correctly rounded square root, so the same on every
    /// machine.
    @inline(__always)
    mutating func advance() {
        state &*= 0xda94_2042_e4dd_58b5
        let gap = (Double(place) + 1.5) * (4_294_967_296 / (Double(state) + 1).squareRoot() - 1)
        place &+= Int(min(max(gap.rounded(.up), 1), 1e12))
    }
}
