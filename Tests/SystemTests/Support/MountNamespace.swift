#if canImport(Glibc)
import Glibc
#endif

/// Runs programs with a file system mounted that only they see. It goes with the last of them.
enum MountNamespace {
    /// Why tests are left out where ``isAvailable(in:)`` is false.
    static let reason = "a mount namespace can't be made here (unshare --mount needs root or user namespaces)"

    /// The words that run `words` with an empty file system over `folder`, of `size` where that matters.
    static func hiding(_ folder: String, size: String = "100m", _ words: [String]) -> [String] {
        prefix + ["sh", "-c", "mount -t tmpfs -o size=\(size),mode=755 none '\(folder)' && exec \"$@\"", "sh"] + words
    }

    /// Tells whether a namespace can be made on this machine.
    static var isAvailable: Bool {
        get async throws {
            try await Workshop.with { workshop in
                try await workshop.run(words: hiding(workshop("tmp"), ["true"]), seconds: 10).status == 0
            }
        }
    }

    private static var prefix: [String] {
        geteuid() == 0 ? ["unshare", "--mount"] : ["unshare", "--user", "--map-root-user", "--mount"]
    }
}
