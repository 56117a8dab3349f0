import Channels
import Primitives
import Storage

extension FeeService {
    /// Checks that the admin key signed an act that was not done before, and logs it. Moves of a manual clock are not
    /// logged: every head says what time it is.
    func authorize(_ act: AdminAct, signature: Signature) async throws {
        guard signature.isBy(genesis.adminKey, over: domain.digest(of: act.statement)) else {
            throw Refusal(401, "act/signature", "The admin key did not sign this act.")
        }
        try await write { session in
            guard act.nonce > session.state.actNonce else {
                throw Refusal(409, "act/nonce", "The nonce must be above \(session.state.actNonce).")
            }
            session.took(act: act.nonce)
            if act.name != "clock" { session.append(LogBody.signed(.act, act.canonicalBytes, signature)) }
        }
    }
}
