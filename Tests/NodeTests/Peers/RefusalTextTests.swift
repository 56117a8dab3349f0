import Testing

@testable import Node

@Suite struct RefusalTextTests {
    private func read(_ text: [UInt8]) throws(FrameError) -> PeerAnswer {
        try PeerAnswer(type: 255, body: [0, 1, 0, 0, UInt8(text.count >> 8), UInt8(text.count & 255)] + text)
    }

    @Test func `a text that is UTF-8 is kept as it came`() throws {
        for text in ["", "no", "größer", String(repeating: "a", count: 256)] {
            let answer = try read(Array(text.utf8))
            #expect(answer == .refusal(PeerRefusal(code: .malformed, text: text)))
            #expect(answer.body.suffix(text.utf8.count) == Array(text.utf8)[...])
        }
    }

    @Test func `a text that is not UTF-8 is refused, not mended`() {
        // A byte that begins nothing, a sequence cut short, an overlong slash, a surrogate, a code point above the last.
        for text: [UInt8] in [
            [0xff], [0x61, 0xc3], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
        ] {
            #expect(throws: FrameError.field("text")) { try read(text) }
        }
    }

    @Test func `a text has 256 bytes at most`() {
        #expect(throws: FrameError.tooLong(limit: 256, found: 257)) { try read([UInt8](repeating: 0x61, count: 257)) }
    }
}
