import Foundation
import Primitives
import Testing

@Suite struct HexTests {
    @Test func `every byte is two lower-case digits and reads back`() {
        let all = [UInt8](0...255)
        let text = Hex.encode(all)
        #expect(text.hasPrefix("000102030405060708090a0b0c0d0e0f10"))
        #expect(text.hasSuffix("fafbfcfdfeff"))
        #expect(Hex.decode("0x" + text) == all)
        #expect(Hex.decode("0x") == [])
    }

    @Test func `anything but 0x and pairs of lower-case digits is refused`() {
        let refused = [
            "", "0", "x", "00", "0X00", "0x0", "0x000", "0xAB", "0xaB", "0xg0", "0x0g", "0x 0", " 0x00", "0x00 ",
            "0x00\n",
            "0x0\u{661}", "0x:0", "0x/0", "0x`0", "0x@0", "1x00", "0x0x00", "-0x00",
        ]
        for text in refused { #expect(Hex.decode(text) == nil, "\(text)") }
    }

    @Test func `32 bytes are 64 digits, no more and no fewer`() throws {
        let word = Bytes32(integer: 0x0102)
        #expect(word.hex == "0x" + String(repeating: "0", count: 60) + "0102")
        #expect(Bytes32(hex: word.hex) == word)
        #expect(Bytes32(hex: String(word.hex.dropLast(2))) == nil)
        #expect(Bytes32(hex: word.hex + "00") == nil)
        for count in [0, 31, 33] { #expect(Bytes32([UInt8](repeating: 0, count: count)) == nil) }
        let text = String(decoding: try JSONEncoder().encode([word]), as: UTF8.self)
        #expect(text == "[\"\(word.hex)\"]")
        #expect(try JSONDecoder().decode([Bytes32].self, from: Data(text.utf8)) == [word])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Bytes32].self, from: Data(text.uppercased().utf8))
        }
    }

    @Test func `a word holds the integers below 2^128 and says when it holds more`() throws {
        let top = UInt128.max
        #expect(Bytes32(integer: top).integer == top)
        #expect(
            Bytes32(integer: top).hex == "0x" + String(repeating: "00", count: 16) + String(repeating: "ff", count: 16))
        var bytes = [UInt8](repeating: 0, count: 32)
        bytes[15] = 1
        #expect(try #require(Bytes32(bytes)).integer == nil)
        bytes[15] = 0
        bytes[0] = 1
        let high = try #require(Bytes32(bytes))
        #expect(high.integer == nil)
        #expect(high.prefix == 1 << 56)
    }

    @Test func `base-10 words go up to 2^256 - 1 and not beyond`() throws {
        let top = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
        #expect(Bytes32(decimal: top)?.bytes == [UInt8](repeating: 0xff, count: 32))
        #expect(Bytes32(decimal: "0") == .zero)
        #expect(Bytes32(decimal: "31337") == Bytes32(integer: 31_337))
        let above = "115792089237316195423570985008687907853269984665640564039457584007913129639936"
        for text in [above, "", "00", "01", "+1", "-1", " 1", "1 ", "0x1", "1e3", String(repeating: "9", count: 79)] {
            #expect(Bytes32(decimal: text) == nil, "\(text)")
        }
    }

    @Test func `words are ordered as their bytes are`() throws {
        var words: [Bytes32] = [.zero]
        for place in 0..<32 {
            var bytes = [UInt8](repeating: 0, count: 32)
            bytes[place] = UInt8(32 - place)
            words.append(try #require(Bytes32(bytes)))
        }
        for a in words {
            for b in words { #expect((a < b) == a.bytes.lexicographicallyPrecedes(b.bytes), "\(a) \(b)") }
        }
    }
}
