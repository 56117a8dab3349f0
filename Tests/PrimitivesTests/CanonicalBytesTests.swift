import Primitives
import Testing

@Suite struct CanonicalBytesTests {
    @Test func `integers are big-endian, bytes and lists carry a 32-bit count, fixed values none`() throws {
        var encoder = CanonicalEncoder(tag: "ab")
        encoder.append(1 as UInt8)
        encoder.append(0x0203 as UInt16)
        encoder.append(0x0405_0607 as UInt32)
        encoder.append(0x0809_0a0b_0c0d_0e0f as UInt64)
        encoder.append(Amount(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10))
        encoder.append([0xaa, 0xbb])
        encoder.append("ü")
        encoder.append(list: [7, 8] as [UInt8]) { $0.append($1) }
        encoder.append(try #require(Address([UInt8](repeating: 0x11, count: 20))))
        let fixed = [UInt8](repeating: 0x11, count: 20)
        let expected: [[UInt8]] = [
            [0, 0, 0, 2, 0x61, 0x62], [1], [2, 3], [4, 5, 6, 7], [8, 9, 10, 11, 12, 13, 14, 15],
            Array(1...16), [0, 0, 0, 2, 0xaa, 0xbb], [0, 0, 0, 2, 0xc3, 0xbc], [0, 0, 0, 2, 7, 8], fixed,
        ]
        #expect(encoder.bytes == Array(expected.joined()))
        #expect(CanonicalEncoder().bytes.isEmpty)
    }

    private struct Everything: Equatable {
        var small: UInt8
        var short: UInt16
        var medium: UInt32
        var long: UInt64
        var amount: Amount
        var word: Bytes32
        var address: Address
        var signature: Signature
        var bytes: [UInt8]
        var list: [UInt64]

        init(_ generator: inout SplitMix64) throws {
            func random(_ count: Int) -> [UInt8] {
                (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            }
            small = random(1)[0]
            short = UInt16.random(in: 0 ... .max, using: &generator)
            medium = UInt32.random(in: 0 ... .max, using: &generator)
            long = generator.next()
            amount = Amount(UInt128(generator.next()) << 64 | UInt128(generator.next()))
            word = try #require(Bytes32(random(32)))
            address = try #require(Address(random(20)))
            signature = SecretKey(seed: generator.next(), label: "everything").sign(word)
            bytes = random(Int.random(in: 0...9, using: &generator))
            list = (0..<Int.random(in: 0...4, using: &generator)).map { _ in generator.next() }
        }

        var encoded: [UInt8] {
            var encoder = CanonicalEncoder(tag: "everything")
            encoder.append(small)
            encoder.append(short)
            encoder.append(medium)
            encoder.append(long)
            encoder.append(amount)
            encoder.append(word)
            encoder.append(address)
            encoder.append(signature)
            encoder.append(bytes)
            encoder.append(list: list) { $0.append($1) }
            return encoder.bytes
        }

        init(decoding encoded: [UInt8]) throws(CanonicalError) {
            var decoder = try CanonicalDecoder(encoded, tag: "everything")
            small = try decoder.readUInt8()
            short = try decoder.readUInt16()
            medium = try decoder.readUInt32()
            long = try decoder.readUInt64()
            amount = try decoder.readAmount()
            word = try decoder.readBytes32()
            address = try decoder.readAddress()
            signature = try decoder.readSignature()
            bytes = try decoder.readBytes(limit: 9)
            list = try decoder.readList(limit: 4) { decoder throws(CanonicalError) in try decoder.readUInt64() }
            try decoder.finish()
        }
    }

    @Test func `what was written reads back, cut anywhere it is truncated, and more of it trails`() throws {
        var generator = SplitMix64(seed: 9)
        for round in 0..<40 {
            let value = try Everything(&generator)
            let bytes = value.encoded
            let about: Comment = "seed 9, round \(round)"
            #expect(try Everything(decoding: bytes) == value, about)
            #expect(throws: CanonicalError.trailing(count: 1), about) { try Everything(decoding: bytes + [0]) }
            #expect(throws: CanonicalError.trailing(count: 3), about) { try Everything(decoding: bytes + [1, 2, 3]) }
            guard round < 4 else { continue }
            for count in 0..<bytes.count {
                #expect(throws: CanonicalError.truncated, "seed 9, round \(round), first \(count) bytes") {
                    try Everything(decoding: Array(bytes[..<count]))
                }
            }
        }
    }

    @Test func `another tag is refused, whatever its length`() {
        let written = CanonicalEncoder(tag: "feesvc/item/1").bytes
        for tag in ["feesvc/item/2", "feesvc/item/", "feesvc/item/10", "", "FEESVC/ITEM/1"] {
            #expect(throws: CanonicalError.tag(expected: tag)) { _ = try CanonicalDecoder(written, tag: tag) }
        }
        #expect(throws: Never.self) { _ = try CanonicalDecoder(written, tag: "feesvc/item/1") }
        let long = CanonicalEncoder(tag: String(repeating: "x", count: 65)).bytes
        #expect(throws: CanonicalError.tooLong(limit: 64, found: 65)) { _ = try CanonicalDecoder(long, tag: "x") }
    }

    @Test func `a length is refused one above its limit, before its bytes are looked for`() throws {
        func read(_ count: UInt32, present: Int, limit: Int) throws(CanonicalError) -> [UInt8] {
            var encoder = CanonicalEncoder()
            encoder.append(count)
            var decoder = CanonicalDecoder(untagged: encoder.bytes + [UInt8](repeating: 5, count: present))
            return try decoder.readBytes(limit: limit)
        }
        #expect(try read(3, present: 3, limit: 4).count == 3)
        #expect(try read(4, present: 4, limit: 4).count == 4)
        #expect(throws: CanonicalError.tooLong(limit: 4, found: 5)) { try read(5, present: 5, limit: 4) }
        #expect(throws: CanonicalError.tooLong(limit: 4, found: Int(UInt32.max))) {
            try read(.max, present: 0, limit: 4)
        }
        #expect(throws: CanonicalError.truncated) { try read(4, present: 3, limit: 4) }
    }

    @Test func `a count is refused one above its limit, before its elements are read`() throws {
        func read(_ count: UInt32, limit: Int) throws(CanonicalError) -> Int {
            var encoder = CanonicalEncoder()
            encoder.append(count)
            var decoder = CanonicalDecoder(untagged: encoder.bytes + [1, 2, 3, 4])
            return try decoder.readList(limit: limit) { decoder throws(CanonicalError) in
                try decoder.readUInt8()
            }.count
        }
        #expect(try read(2, limit: 3) == 2)
        #expect(try read(3, limit: 3) == 3)
        #expect(throws: CanonicalError.tooLong(limit: 3, found: 4)) { try read(4, limit: 3) }
        #expect(throws: CanonicalError.tooLong(limit: 3, found: Int(UInt32.max))) { try read(.max, limit: 3) }
        #expect(throws: CanonicalError.truncated) { try read(.max, limit: Int(UInt32.max)) }
    }

    @Test func `65 bytes that are no signature are out of range`() {
        var decoder = CanonicalDecoder(untagged: [UInt8](repeating: 0, count: 65))
        #expect(throws: CanonicalError.outOfRange(field: "seal")) { try decoder.readSignature(field: "seal") }
    }
}
