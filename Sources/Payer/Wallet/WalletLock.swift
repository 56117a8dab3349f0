#if canImport(Glibc)
import Glibc
#endif

/// Keeps other processes out of a wallet for as long as it lives (flock(2)); the system lets go when its process ends.
public final class WalletLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; ``WalletError/busy(path:)`` where another process, or another lock of this one, has it.
    init(wallet path: String) throws(WalletError) {
        descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(path: path + "/lock", code: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw code == EWOULDBLOCK ? .busy(path: path) : .system(path: path + "/lock", code: code)
        }
    }

    deinit { close(descriptor) }
}
