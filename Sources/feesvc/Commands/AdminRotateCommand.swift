import ArgumentParser
import Channels
import Payer
import Primitives

/// `feesvc admin rotate`.
struct AdminRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Replace the log, settlement or admin key.",
        discussion: """
            The new key signs that it takes the role over, the admin key in force orders it. From the act's leaf on the old key \
            counts for nothing new; what it signed before stays good.

            For the log key run it on the service's host: the new key's file is put into the folder of keys first, and the \
            service takes whichever file there holds the key in force, also after a crash. An encrypted file stays encrypted: \
            the service opens it with its own --passphrase-file.
            """)

    @Argument(help: "Which key: log, settlement or admin.", transform: Self.role)
    var role: KeyRole
    @Option(help: "The new key's file.")
    var newKey: String
    @Option(help: "A file with the passphrase of --new-key; default: --passphrase-file.")
    var newKeyPassphraseFile: String?
    @Option(help: "The service's data directory, for the log key.")
    var dataDir = "./feesvc-data"
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await Presentation.reportingErrors {
            let key = try await KeyFile.read(
                newKey, passphraseFile: newKeyPassphraseFile ?? admin.passphrase.passphraseFile)
            try await admin.connect { connection in
                let keys = connection.service.keys
                let old = keys.key(of: role, at: .max)
                print("The \(role.name) key \(old.checksummed) would be replaced by \(key.address.checksummed).")
                if role == .log, admin.yes { try install(key) }
                let unproven = KeyRotation(role: role, key: key.address, proof: key.sign(.zero))
                let statement = unproven.statement(nonce: connection.nonce + 1)
                let rotation = KeyRotation(
                    role: role, key: key.address, proof: key.sign(connection.service.domain.digest(of: statement)))
                try await connection.order(
                    .rotate(rotation), done: "The \(role.name) key is \(key.address.checksummed) now.")
            }
        }
    }

    private static func role(_ text: String) throws -> KeyRole {
        guard let role = KeyRole.allCases.first(where: { $0.name == text }) else {
            throw ValidationError("\(text) is no key; there are log, settlement and admin.")
        }
        return role
    }

    private func install(_ key: SecretKey) throws {
        var keystore: Keystore?
        if case .encrypted(let content) = try KeyFile.content(newKey) { keystore = content }
        let folder = KeyFolder(path: DataDirectory.absolute(dataDir) + "/keys")
        let file = try folder.install(key, as: keystore, role: role.name)
        print("Its file is \(file).")
    }
}
