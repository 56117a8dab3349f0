/// How much work scrypt (RFC 7914) costs: whoever guesses a password pays it for each guess.
///
/// One derivation takes ``memory`` bytes and time proportional to n · r · p.
public struct ScryptCost: Hashable, Sendable {
    /// The largest ``n``.
    public static let nMax: UInt64 = 1 << 20
    /// The largest 128 · n · r · p, in bytes: 512 MiB, twice what geth's files need.
    ///
    /// p counts in full, although it costs time rather than memory, so that a hostile file can't keep a reader busy for hours.
    public static let bytesMax: UInt64 = 512 << 20

    /// The cost factor: a power of two in 2 … ``nMax``.
    public let n: UInt64
    /// The block size, in units of 128 bytes; at least 1.
    public let r: UInt64
    /// How many times the mixing is repeated; at least 1.
    public let p: UInt64

    /// The memory of one derivation, in bytes.
    public var memory: UInt64 { 128 * r * (n + p) }

    /// 128 MiB and about 0.4 s: what OWASP's password storage cheat sheet names as the least for scrypt.
    ///
    /// geth's standard is n = 262,144, twice the memory and time. That is for wallets that somebody unlocks by hand; these
    /// keys are also opened by gateways and nodes at each start, in containers where 256 MiB at once end the process, and
    /// one bit of password strength more than makes up for the difference.
    public static let standard = ScryptCost(checkedN: 131_072, r: 8, p: 1)
    /// geth's light cost: 4 MiB. For tests and demonstrations; too cheap to guess for a key that holds money.
    public static let light = ScryptCost(checkedN: 4_096, r: 8, p: 6)

    /// Which bound a cost breaks.
    public enum Refusal: Error, Hashable, Sendable {
        /// n is no power of two, below 2 or above ``ScryptCost/nMax``.
        case n
        /// r is 0.
        case r
        /// p is 0.
        case p
        /// 128 · n · r · p is above ``ScryptCost/bytesMax``.
        case product
    }

    /// Takes what keeps the bounds.
    public init(n: UInt64, r: UInt64, p: UInt64) throws(Refusal) {
        guard n > 1, n <= Self.nMax, n.nonzeroBitCount == 1 else { throw .n }
        guard r > 0 else { throw .r }
        guard p > 0 else { throw .p }
        let room = Self.bytesMax / 128 / n
        guard r <= room, p <= room / r else { throw .product }
        self.init(checkedN: n, r: r, p: p)
    }

    private init(checkedN n: UInt64, r: UInt64, p: UInt64) {
        self.n = n
        self.r = r
        self.p = p
    }
}
