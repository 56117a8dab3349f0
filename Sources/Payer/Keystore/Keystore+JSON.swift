import Foundation
import Primitives

extension Keystore {
    /// Reads a key file of version 3, at most ``bytesMax`` bytes of JSON.
    ///
    /// Members that are not known are passed over, as wallets add their own. Hex may stand with or without `0x` and in
    /// either case. `id` is needed, `address` is not. The first member that breaks a rule is named.
    public init(json: [UInt8]) throws(KeystoreFormError) {
        guard json.count <= Self.bytesMax else { throw .tooLong(bytes: json.count) }
        let version = try Self.decode(KeystoreBody.Version.self, json).version.value
        guard version == 3 else { throw .malformed(member: "version", rule: "3") }
        let body = try Self.decode(KeystoreBody.self, json)
        guard let id = UUID(uuidString: body.id) else { throw .malformed(member: "id", rule: "a UUID") }
        guard body.crypto.cipher == "aes-128-ctr" else {
            throw .malformed(member: "crypto.cipher", rule: "aes-128-ctr")
        }
        self.init(
            id: id, address: try body.address.map { text throws(KeystoreFormError) in try Self.address(text) },
            derivation: try KeyDerivation(body.crypto),
            iv: try Self.iv(body.crypto.cipherparams.iv),
            ciphertext: try LenientHex.word(body.crypto.ciphertext, member: "crypto.ciphertext"),
            mac: try LenientHex.word(body.crypto.mac, member: "crypto.mac"))
    }

    /// The counter's start. eth-keyfile leaves zero bytes in front of it out, in one file of 256.
    private static func iv(_ text: String) throws(KeystoreFormError) -> [UInt8] {
        let bytes = try LenientHex.read(text, counts: 1...16, member: "crypto.cipherparams.iv")
        return [UInt8](repeating: 0, count: 16 - bytes.count) + bytes
    }

    private static func address(_ text: String) throws(KeystoreFormError) -> Address {
        guard let address = Address(try LenientHex.read(text, counts: 20...20, member: "address")) else {
            preconditionFailure("20 bytes are an address")
        }
        return address
    }

    private static func decode<Body: Decodable>(
        _ type: Body.Type, _ json: [UInt8]
    ) throws(KeystoreFormError) -> Body {
        do {
            return try JSONDecoder().decode(type, from: Data(json))
        } catch let error as DecodingError {
            throw KeystoreFormError(error)
        } catch {
            throw .notAnObject
        }
    }

    /// The file's text: one line of JSON, members sorted, lower-case hex without `0x`, as geth writes it. Equal keystores
    /// have equal texts.
    public var json: [UInt8] {
        let body = KeystoreBody(
            address: address.map { Hex.encode($0.bytes) },
            crypto: KeystoreBody.Crypto(
                cipher: "aes-128-ctr", cipherparams: KeystoreBody.CipherParameters(iv: Hex.encode(iv)),
                ciphertext: Hex.encode(ciphertext.bytes), kdf: derivation.name, kdfparams: derivation.parameters,
                mac: Hex.encode(mac.bytes)),
            id: id.uuidString.lowercased(), version: WholeNumber(3))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        do {
            return Array(try encoder.encode(body))
        } catch {
            preconditionFailure("texts and whole numbers are always JSON: \(error)")
        }
    }
}

extension KeyDerivation {
    private static let path = "crypto.kdfparams"

    init(_ crypto: KeystoreBody.Crypto) throws(KeystoreFormError) {
        let parameters = crypto.kdfparams
        guard parameters.dklen.value == 32 else { throw .malformed(member: "\(Self.path).dklen", rule: "32") }
        let salt = try LenientHex.read(parameters.salt, counts: 1...Self.saltBytesMax, member: "\(Self.path).salt")
        switch crypto.kdf {
        case "scrypt": self = .scrypt(try Self.cost(parameters), salt: salt)
        case "pbkdf2": self = .pbkdf2(iterations: try Self.iterations(parameters), salt: salt)
        default: throw .malformed(member: "crypto.kdf", rule: "scrypt or pbkdf2")
        }
    }

    private static func cost(_ parameters: KeystoreBody.DerivationParameters) throws(KeystoreFormError) -> ScryptCost {
        guard let n = parameters.n?.value else { throw .missing(member: "\(path).n") }
        guard let r = parameters.r?.value else { throw .missing(member: "\(path).r") }
        guard let p = parameters.p?.value else { throw .missing(member: "\(path).p") }
        do {
            return try ScryptCost(n: n, r: r, p: p)
        } catch {
            switch error {
            case .n: throw .malformed(member: "\(path).n", rule: "a power of two in 2 … \(ScryptCost.nMax)")
            case .r: throw .malformed(member: "\(path).r", rule: "above 0")
            case .p: throw .malformed(member: "\(path).p", rule: "above 0")
            case .product:
                throw .malformed(member: path, rule: "affordable: 128 · n · r · p is above \(ScryptCost.bytesMax)")
            }
        }
    }

    private static func iterations(_ parameters: KeystoreBody.DerivationParameters) throws(KeystoreFormError) -> Int32 {
        guard let c = parameters.c?.value else { throw .missing(member: "\(path).c") }
        guard let prf = parameters.prf else { throw .missing(member: "\(path).prf") }
        guard prf == "hmac-sha256" else { throw .malformed(member: "\(path).prf", rule: "hmac-sha256") }
        guard c > 0, c <= iterationsMax, let iterations = Int32(exactly: c) else {
            throw .malformed(member: "\(path).c", rule: "in 1 … \(iterationsMax)")
        }
        return iterations
    }

    var name: String {
        switch self {
        case .scrypt: "scrypt"
        case .pbkdf2: "pbkdf2"
        }
    }

    var parameters: KeystoreBody.DerivationParameters {
        switch self {
        case .scrypt(let cost, let salt):
            KeystoreBody.DerivationParameters(
                dklen: WholeNumber(32), n: WholeNumber(cost.n), p: WholeNumber(cost.p), r: WholeNumber(cost.r),
                salt: Hex.encode(salt))
        case .pbkdf2(let iterations, let salt):
            KeystoreBody.DerivationParameters(
                c: WholeNumber(UInt64(iterations)), dklen: WholeNumber(32), prf: "hmac-sha256", salt: Hex.encode(salt))
        }
    }
}

/// Hex as other programs write it: with or without `0x`, in either case.
private enum LenientHex {
    static func read(_ text: String, counts: ClosedRange<Int>, member: String) throws(KeystoreFormError) -> [UInt8] {
        var digits = Array(text.utf8)[...]
        if digits.starts(with: "0x".utf8) || digits.starts(with: "0X".utf8) { digits = digits.dropFirst(2) }
        let lower = digits.map { (0x41...0x46).contains($0) ? $0 | 0x20 : $0 }
        guard let bytes = Hex.decode("0x" + String(decoding: lower, as: UTF8.self)), counts.contains(bytes.count) else {
            let size = counts.count == 1 ? "\(counts.upperBound)" : "\(counts.lowerBound) … \(counts.upperBound)"
            throw .malformed(member: member, rule: "hex of \(size) bytes")
        }
        return bytes
    }

    static func word(_ text: String, member: String) throws(KeystoreFormError) -> Bytes32 {
        guard let word = Bytes32(try read(text, counts: 32...32, member: member)) else {
            preconditionFailure("32 bytes are a word")
        }
        return word
    }
}
