import Primitives

/// Bytes of any length in JSON: `0x` and lower-case hex.
public struct HexBytes: Codable, Hashable, Sendable {
    /// The bytes.
    public let bytes: [UInt8]

    /// Wraps bytes.
    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads the hexadecimal text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let bytes = Hex.decode(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not 0x and lower-case hex digits"))
        }
        self.bytes = bytes
    }

    /// Writes the hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode("0x" + Hex.encode(bytes))
    }
}
