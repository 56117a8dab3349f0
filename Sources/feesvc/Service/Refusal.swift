import Ledger
import Payer
import Primitives

/// A "no" of the service that a client can act on: an HTTP status, a stable code, a sentence.
struct Refusal: Error, CustomStringConvertible {
    /// The HTTP status.
    let status: Int
    /// The stable code.
    let code: String
    /// What is wrong here, and what would be right.
    let detail: String
    /// After how many seconds it makes sense to ask again, where that is known.
    let retryAfter: UInt64?

    init(_ status: Int, _ code: String, _ detail: String, retryAfter: UInt64? = nil) {
        self.retryAfter = retryAfter
        self.status = status
        self.code = code
        self.detail = detail
    }

    var description: String { "\(code): \(detail)" }

    /// The refusal as RFC 9457 has it.
    var problem: ProblemBody {
        ProblemBody(status: status, code: code, title: Self.title(of: status), detail: detail)
    }

    private static func title(of status: Int) -> String {
        switch status {
        case 400: "The request is not well-formed"
        case 401: "The signature is not the right one"
        case 402: "The payment is refused"
        case 403: "Not allowed"
        case 404: "There is no such thing"
        case 405: "The method is not for this path"
        case 409: "It conflicts with what is recorded"
        case 410: "It is over"
        case 413: "The request is too large"
        case 421: "Another node holds this"
        case 422: "The request makes no sense here"
        case 429: "Too many requests"
        case 503: "The service can't do this now"
        default: "The service failed"
        }
    }
}
