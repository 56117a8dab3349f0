import Foundation
import Payer
import Primitives

#if canImport(Glibc)
import Glibc
#endif

/// Which results an operator has signed, in a file beside its key.
///
/// Two signed results of one epoch prove equivocation and cost a part of the reward, also where a service showed its operator
/// one after the other. So what was signed is on the disk before a signature leaves, and another result of that epoch is not
/// signed.
struct SignedResults {
    /// A line has some 90 bytes: room for 10^5 epochs.
    private static let bytesMax = 16 << 20

    let path: String

    /// Notes that a result is about to be signed; throws where another one of its epoch was.
    ///
    /// The file is locked while it is read and written, so that of two processes one waits.
    func note(epoch: UInt64, result: Bytes32) throws {
        let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX) == 0 else {
            throw OperatorError(
                "\(path).lock can't be used: \(String(cString: strerror(errno))). Name a place for the record of what was "
                    + "signed that can be written and stays: --record.")
        }
        defer { close(lock) }
        let lines = try read()
        for (number, line) in lines.enumerated() {
            guard let (signed, hash) = Self.parse(line) else {
                throw OperatorError(
                    "\(path), line \(number + 1) is \(line); it should be an epoch, and 0x with 64 hex digits.")
            }
            guard signed == epoch else { continue }
            guard hash == result else {
                throw Self.refusal(epoch, signed: hash, now: result, "\(path), line \(number + 1)")
            }
            return
        }
        let text = (lines + ["\(epoch) \(result.hex)"]).joined(separator: "\n") + "\n"
        try PrivateFile(path: path).replace(Array(text.utf8))
    }

    private func read() throws -> [String] {
        do {
            let bytes = try PrivateFile(path: path).read(bytesMax: Self.bytesMax)
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        } catch {
            guard case .missing = error else { throw error }
            return []
        }
    }

    private static func parse(_ line: String) -> (UInt64, Bytes32)? {
        let parts = line.split(separator: " ")
        guard parts.count == 2, let epoch = UInt64(parts[0]), let hash = Bytes32(hex: String(parts[1])) else {
            return nil
        }
        return (epoch, hash)
    }

    private static func refusal(_ epoch: UInt64, signed: Bytes32, now: Bytes32, _ place: String) -> OperatorError {
        OperatorError(
            "Epoch \(epoch): another result was signed before, \(signed) (\(place)); now it is \(now). Nothing was signed: two "
                + "signed results of one epoch are evidence against their operator. Where the service was recovered from a "
                + "backup since and says so in its log (a rollback in GET /v1/keys), remove that line and run this again; "
                + "where it was not, the service has shown two histories: keep both and tell the other operators.")
    }
}
