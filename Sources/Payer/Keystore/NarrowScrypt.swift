import CCrypto

#if canImport(Glibc)
import Glibc
#endif

/// scrypt with blocks of 128 bytes (r = 1) and n ≥ 65,536, which libcrypto refuses.
///
/// RFC 7914 §2 demands n < 2^(128·r/8). That bound is a slip (errata 5971 … 5973: 2^(128·r) was meant), but libcrypto
/// keeps it, while the Web3 Secret Storage definition's own example and files of older Python wallets have n = 262,144,
/// r = 1. What libcrypto takes goes to libcrypto: this is slower.
enum NarrowScrypt {
    static func isNeeded(for cost: ScryptCost) -> Bool { cost.r == 1 && cost.n >= 1 << 16 }

    /// RFC 7914 §6.
    static func derive(password: [UInt8], salt: [UInt8], cost: ScryptCost) throws(KeystoreError) -> [UInt8] {
        precondition(cost.r == 1, "blocks are of 128 bytes here")
        let bytes = 128 * Int(cost.n)
        guard let memory = malloc(bytes) else { throw .noMemory(bytes: cost.memory) }
        defer {
            OPENSSL_cleanse(memory, bytes)
            free(memory)
        }
        let table = memory.bindMemory(to: UInt32.self, capacity: bytes / 4)
        var blocks = PBKDF2.derive(password: password, salt: salt, iterations: 1, count: 128 * Int(cost.p))
        for start in stride(from: 0, to: blocks.count, by: 128) {
            var words = (0..<32).map { word(blocks, at: start + 4 * $0) }
            words.withUnsafeMutableBufferPointer { words in
                if let base = words.baseAddress { mix(base, table: table, n: Int(cost.n)) }
            }
            for (place, word) in words.enumerated() {
                withUnsafeBytes(of: word.littleEndian) {
                    blocks.replaceSubrange(start + 4 * place..<start + 4 * place + 4, with: $0)
                }
            }
        }
        return PBKDF2.derive(password: password, salt: blocks, iterations: 1, count: 32)
    }

    private static func word(_ bytes: [UInt8], at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }
    }

    /// scryptROMix, §5, on the 32 words of `block`; `table` has room for 32 · n words.
    private static func mix(_ block: UnsafeMutablePointer<UInt32>, table: UnsafeMutablePointer<UInt32>, n: Int) {
        var step = 0
        while step < n {
            (table + 32 * step).update(from: block, count: 32)
            mixBlock(block)
            step += 1
        }
        step = 0
        while step < n {
            // Integerify: the last 64 bytes as a little-endian number, modulo n, a power of two below 2^32.
            add(table + 32 * (Int(block[16]) & (n - 1)), to: block, count: 32)
            mixBlock(block)
            step += 1
        }
    }

    /// scryptBlockMix, §4, for r = 1: neither of the two halves changes its place.
    private static func mixBlock(_ block: UnsafeMutablePointer<UInt32>) {
        add(block + 16, to: block, count: 16)
        salsa(block)
        add(block, to: block + 16, count: 16)
        salsa(block + 16)
    }

    /// Exclusive or. `while` and not `for`, here and above: without optimization a range costs ten times as much.
    private static func add(
        _ other: UnsafeMutablePointer<UInt32>, to block: UnsafeMutablePointer<UInt32>, count: Int
    ) {
        var place = 0
        while place < count {
            block[place] ^= other[place]
            place += 1
        }
    }

    /// Salsa20/8, §3.
    private static func salsa(_ block: UnsafeMutablePointer<UInt32>) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { buffer in
            guard let x = buffer.baseAddress else { return }
            x.update(from: block, count: 16)
            var round = 0
            while round < 4 {
                quarter(x, 0, 4, 8, 12)
                quarter(x, 5, 9, 13, 1)
                quarter(x, 10, 14, 2, 6)
                quarter(x, 15, 3, 7, 11)
                quarter(x, 0, 1, 2, 3)
                quarter(x, 5, 6, 7, 4)
                quarter(x, 10, 11, 8, 9)
                quarter(x, 15, 12, 13, 14)
                round += 1
            }
            var place = 0
            while place < 16 {
                block[place] &+= x[place]
                place += 1
            }
        }
    }

    private static func quarter(_ x: UnsafeMutablePointer<UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int) {
        x[b] ^= rotate(x[a] &+ x[d], 7)
        x[c] ^= rotate(x[b] &+ x[a], 9)
        x[d] ^= rotate(x[c] &+ x[b], 13)
        x[a] ^= rotate(x[d] &+ x[c], 18)
    }

    private static func rotate(_ value: UInt32, _ count: UInt32) -> UInt32 {
        value &<< count | value &>> (32 &- count)
    }
}
