import ArgumentParser
import Primitives

/// Where the passphrase of encrypted key files comes from. It is never an argument: those are seen by every process.
struct PassphraseOptions: ParsableArguments {
    @Option(
        help: "A file (mode 0600) with the passphrase of encrypted keys in one line; default: asked for.")
    var passphraseFile: String?

    init() {}

    init(passphraseFile: String?) {
        self.passphraseFile = passphraseFile
    }

    /// A passphrase for a new file, asked for twice where no file holds it.
    func new(for what: String) throws -> String {
        try Passphrase.read(file: passphraseFile, for: what, isNew: true)
    }

    /// Reads a key file of either form.
    func key(_ path: String) async throws -> SecretKey {
        try await KeyFile.read(path, passphraseFile: passphraseFile)
    }

    /// Reads the key file that an option names, where it names one.
    func key(_ path: String?) async throws -> SecretKey? {
        guard let path else { return nil }
        return try await key(path) as SecretKey
    }
}
