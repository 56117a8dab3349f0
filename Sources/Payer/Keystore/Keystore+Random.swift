import Foundation
public import Primitives

extension Keystore {
    /// Encrypts `key` with a salt, iv and id from the system's generator. Blocks as ``decrypt(password:)`` does.
    public init(encrypting key: SecretKey, password: String, cost: ScryptCost = .standard) throws(KeystoreError) {
        var generator = SystemRandomNumberGenerator()
        var draw: [UInt8] = []
        for _ in 0..<48 { draw.append(UInt8.random(in: 0...255, using: &generator)) }
        guard let salt = Bytes32(draw.prefix(32)) else { preconditionFailure("32 bytes are a word") }
        try self.init(
            encrypting: key, password: password, salt: salt, iv: Array(draw.suffix(16)), id: UUID(), cost: cost)
    }
}
