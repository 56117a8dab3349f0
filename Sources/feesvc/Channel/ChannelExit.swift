import ArgumentParser
import Foundation
import Payer

/// How `feesvc channel` ends, so that a script knows what to do next.
enum ChannelExit: Int32 {
    /// Something is wrong here: the sentence says what.
    case failed = 1
    /// The service refused; nothing moved.
    case refused = 2
    /// A limit of the wallet or too little money stands against it; nothing was signed.
    case limit = 3
    /// What the service says or showed does not prove what it should.
    case unproven = 4
    /// Nobody knows whether it was done: the same command again finds out, and does nothing twice.
    case unknown = 5
    /// Another process uses the wallet.
    case busy = 6

    /// The part of a help text that says so.
    static let help = """
        Exit status: 0 done; 1 something is wrong here; 2 the service refused, nothing moved; 3 a limit of the wallet or too \
        little money, nothing was signed; 4 the service's answer proves nothing, or less than it must; 5 no answer: run the \
        same command again, it does nothing twice; 6 another process uses the wallet; 64 the command line.
        """

    /// How an error ends a command.
    init(_ error: any Error) {
        switch error {
        case WalletError.busy: self = .busy
        case let error as WalletChannelError:
            switch error {
            case .funds, .signing, .authority: self = .limit
            case .claim, .log, .otherLog, .rolledBack: self = .unproven
            case .over: self = .refused
            case .otherKey: self = .failed
            }
        case is LimitRefusal: self = .limit
        case is PaymentError, is ReceiptDocumentRefusal: self = .unproven
        case let error as ClientError:
            switch error {
            case .problem(let problem): self = problem.status >= 500 || problem.status == 429 ? .unknown : .refused
            case .status, .unreachable: self = .unknown
            case .answer: self = .unproven
            }
        case is ServiceRefused: self = .refused
        case is Unproven: self = .unproven
        default: self = .failed
        }
    }

    /// Runs a command's work; what goes wrong becomes one sentence on standard error and an exit status.
    static func reporting(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ExitCode {
            throw error
        } catch is CancellationError {
            throw ExitCode(130)
        } catch {
            let sentence =
                if case ClientError.problem(let problem) = error {
                    "The service refused (\(problem.code)): \(problem.detail)"
                } else {
                    "\(error)"
                }
            FileHandle.standardError.write(Data("feesvc: \(sentence)\n".utf8))
            throw ExitCode(ChannelExit(error).rawValue)
        }
    }
}

/// The service refused a payment.
struct ServiceRefused: Error, CustomStringConvertible {
    let code: String
    let detail: String

    var description: String { "The service refused (\(code)): \(detail) Nothing moved." }
}

/// What was shown does not prove what it should.
struct Unproven: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
