import ArgumentParser

/// A number of bytes as people write it: `20000000000`, `500M`, `20G`, `1T` (powers of ten).
struct ByteCount: ExpressibleByArgument {
    let bytes: UInt64

    init?(argument: String) {
        let powers: [Character: UInt64] = ["K": 1_000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000]
        let power = argument.last.flatMap { powers[$0] }
        guard let count = UInt64(power == nil ? argument[...] : argument.dropLast()) else { return nil }
        let (bytes, isBeyond) = count.multipliedReportingOverflow(by: power ?? 1)
        guard !isBeyond, bytes > 0 else { return nil }
        self.bytes = bytes
    }
}
