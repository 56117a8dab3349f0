import Foundation
import Primitives
import Testing

@Suite struct AddressTests {
    /// The test cases in EIP-55 itself.
    private static let checksummed = [
        "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ]

    @Test func `the mixed-case form is EIP-55's`() throws {
        for text in Self.checksummed {
            let address = try #require(Address(hex: text.lowercased()))
            #expect(address.checksummed == text)
            #expect(address.hex == text.lowercased())
        }
    }

    @Test func `text on the wire is 0x and 40 lower-case digits only`() {
        let good = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
        #expect(Address(hex: good) != nil)
        let refused = [
            "", "0x", String(good.dropFirst(2)), String(good.dropLast()), String(good.dropLast(2)), good + "0",
            good + "00", good.uppercased(), "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", " " + good, good + " ",
            "0X" + good.dropFirst(2), "0x" + String(repeating: "g", count: 40),
        ]
        for text in refused { #expect(Address(hex: text) == nil, "\(text)") }
    }

    @Test func `only 20 bytes make an address`() {
        for count in [0, 19, 21, 32] { #expect(Address([UInt8](repeating: 1, count: count)) == nil) }
        let bytes = [UInt8](1...20)
        #expect(Address(bytes)?.bytes == bytes)
    }

    @Test func `addresses are ordered as their bytes are`() throws {
        var generator = SplitMix64(seed: 20)
        var addresses: [Address] = [.zero]
        for place in 0..<20 {
            var bytes = [UInt8](repeating: 0, count: 20)
            bytes[place] = UInt8.random(in: 1...255, using: &generator)
            addresses.append(try #require(Address(bytes)))
        }
        for a in addresses {
            for b in addresses { #expect((a < b) == a.bytes.lexicographicallyPrecedes(b.bytes), "seed 20: \(a) \(b)") }
        }
    }

    @Test func `private keys 1 and n - 1 have the addresses of libsecp256k1`() throws {
        let zeros = [UInt8](repeating: 0, count: 31)
        let one = try #require(SecretKey(zeros + [1]))
        #expect(one.address.checksummed == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")
        let order = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
        let bytes = try #require(Hex.decode(order))
        #expect(SecretKey(bytes) == nil)
        #expect(SecretKey(zeros + [0]) == nil)
        #expect(SecretKey(zeros) == nil)
        #expect(SecretKey(bytes.dropLast() + [0x40]) != nil)
    }

    @Test func `a key gives back the bytes it was made of, and a label gives the same key each time`() throws {
        let key = SecretKey(seed: 7, label: "a")
        #expect(try #require(SecretKey(key.exportBytes())).address == key.address)
        #expect(SecretKey(seed: 7, label: "a").address == key.address)
        #expect(SecretKey(seed: 8, label: "a").address != key.address)
        #expect(SecretKey(seed: 7, label: "b").address != key.address)
    }

    @Test func `JSON holds the lower-case text and takes no other`() throws {
        let address = try #require(Address([UInt8](repeating: 0xab, count: 20)))
        let text = String(decoding: try JSONEncoder().encode([address]), as: UTF8.self)
        #expect(text == "[\"\(address.hex)\"]")
        #expect(try JSONDecoder().decode([Address].self, from: Data(text.utf8)) == [address])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Address].self, from: Data("[\"\(address.checksummed)\"]".utf8))
        }
    }
}
