import Primitives
import Testing

@Suite struct HashTests {
    @Test func `Keccak-256 agrees with every vector, up to and over a block of 136 bytes`() throws {
        let values = try Vector.file(.eip712)["keccak256"].members
        #expect(values.count == 6)
        #expect(Set(values.keys.map(\.utf8.count)).isSuperset(of: [0, 3, 135, 136, 137]))
        for (text, digest) in values {
            #expect(Keccak256.hash(Array(text.utf8)) == (try digest.word), "\(text.utf8.count) bytes")
        }
    }

    @Test func `Keccak-256 is not SHA3-256`() {
        // FIPS 202's SHA3-256 of nothing.
        let sha3 = "0xa7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"
        #expect(Keccak256.hash([]).hex == "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
        #expect(Keccak256.hash([]).hex != sha3)
    }

    @Test func `SHA-256 gives FIPS 180-4's examples`() {
        let known = [
            ("", "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "0x248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
        for (text, digest) in known { #expect(SHA256.hash(Array(text.utf8)).hex == digest, "\(text)") }
        let million = SHA256.hash([UInt8](repeating: 0x61, count: 1_000_000))
        #expect(million.hex == "0xcdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `SplitMix64 gives the published numbers of seed 1234567`() {
        var generator = SplitMix64(seed: 1_234_567)
        let published: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
        ]
        #expect(published.map { _ in generator.next() } == published)
    }
}
