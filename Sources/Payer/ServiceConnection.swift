public import AsyncHTTPClient
public import Channels
public import Primitives

/// A fee service as a client knows it: its address and the parameters that it has checked.
public struct ServiceConnection: Sendable {
    /// Speaks to the service.
    public let client: JSONClient
    /// The log's parameters.
    public let genesis: Genesis
    /// The domain of every signature.
    public let domain: EIP712Domain
    /// The schedule in force when the connection was made.
    public let schedule: FeeSchedule
    /// The rules of admission.
    public let admission: Admission
    /// What a channel must have been given before it takes vouchers.
    public let minimumDeposit: Amount
    private let known: KeyBook

    /// Asks the service for its parameters.
    public init(http: HTTPClient, url: String) async throws {
        client = JSONClient(http: http, base: url)
        let body: ParametersBody = try await client.get("/v1/parameters")
        genesis = try Genesis(canonicalBytes: body.genesis.bytes)
        domain = genesis.domain
        schedule = try FeeSchedule(canonicalBytes: body.schedule.bytes)
        admission = Admission(challengeWindow: body.challengeWindow, settlementHorizon: body.settlementHorizon)
        minimumDeposit = body.minimumDeposit
        let keys: KeysBody = try await client.get("/v1/keys")
        known = KeyBook(try keys.history(from: genesis))
    }

    /// The service's keys, as far as they are known.
    public var keys: KeyHistory { known.keys }
    /// What the log has given up, as far as that is known.
    public var rollbacks: [LoggedRollback] { keys.rollbacks }

    /// Checks that the log key of its size signed a head of this log. Where that fails, asks once whether a key was rotated.
    public func check(_ head: SignedHead) async throws(ReceiptRefusal) {
        guard head.head.logID == genesis.logID else { throw .otherLog }
        guard !keys.hasSigned(head) else { return }
        guard let body: KeysBody = try? await client.get("/v1/keys"), let history = try? body.history(from: genesis)
        else { throw .headSignature }
        known.learn(history)
        guard keys.hasSigned(head) else { throw .headSignature }
    }
}
