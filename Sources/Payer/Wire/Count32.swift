/// A number below 2^32 in JSON. Foundation's decoder does not say which number is too large for its member; this does.
@propertyWrapper
public struct Count32: Codable, Hashable, Sendable {
    /// The number.
    public var wrappedValue: UInt32

    /// Wraps a number.
    public init(wrappedValue: UInt32) {
        self.wrappedValue = wrappedValue
    }

    /// Reads a number, and names its place where it is 2^32 or more.
    public init(from decoder: any Decoder) throws {
        let number = try decoder.singleValueContainer().decode(UInt64.self)
        guard let value = UInt32(exactly: number) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "\(number) is above 2^32 - 1"))
        }
        wrappedValue = value
    }

    /// Writes the number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}
