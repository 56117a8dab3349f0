import Dispatch
public import Primitives

extension Keystore {
    /// ``decrypt(password:)`` for async code.
    public func decrypted(password: String) async throws(KeystoreError) -> SecretKey {
        try await DerivationQueue.run { () throws(KeystoreError) in try decrypt(password: password) }
    }

    /// ``init(encrypting:password:cost:)`` for async code.
    public static func encrypted(
        _ key: SecretKey, password: String, cost: ScryptCost = .standard
    ) async throws(KeystoreError) -> Keystore {
        try await DerivationQueue.run { () throws(KeystoreError) in
            try Keystore(encrypting: key, password: password, cost: cost)
        }
    }
}

/// One thread outside the cooperative pool, so that no more than one derivation's memory is in use at a time.
private enum DerivationQueue {
    private static let queue = DispatchQueue(label: "feesvc.keystore")

    static func run<Value: Sendable>(
        _ body: @escaping @Sendable () throws(KeystoreError) -> Value
    ) async throws(KeystoreError) -> Value {
        let outcome = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result(catching: body)) }
        }
        return try outcome.get()
    }
}
