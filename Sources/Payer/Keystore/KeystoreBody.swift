/// The JSON of a keystore, with members that this program does not know left out.
struct KeystoreBody: Codable {
    /// Read first: another version has other members.
    struct Version: Decodable {
        let version: WholeNumber
    }

    struct Crypto: Codable {
        let cipher: String
        let cipherparams: CipherParameters
        let ciphertext: String
        let kdf: String
        let kdfparams: DerivationParameters
        let mac: String
    }

    struct CipherParameters: Codable {
        let iv: String
    }

    /// Of scrypt (`n`, `r`, `p`) or of PBKDF2 (`c`, `prf`).
    struct DerivationParameters: Codable {
        var c: WholeNumber?
        let dklen: WholeNumber
        var n: WholeNumber?
        var p: WholeNumber?
        var prf: String?
        var r: WholeNumber?
        let salt: String
    }

    let address: String?
    let crypto: Crypto
    let id: String
    let version: WholeNumber
}

/// A JSON number in 0 … 2^64 − 1.
///
/// Decoded as `UInt64` itself, a negative, broken or larger number is an error of the whole text, whose member nobody
/// knows.
struct WholeNumber: Codable {
    let value: UInt64

    init(_ value: UInt64) {
        self.value = value
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = try? container.decode(UInt64.self) else {
            throw DecodingError.typeMismatch(
                Self.self, .init(codingPath: decoder.codingPath, debugDescription: "not a whole number below 2^64"))
        }
        self.value = value
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
}
