import ArgumentParser
import Payer
import Primitives

/// `feesvc key`.
struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Make key files, and encrypt, decrypt and look at them.",
        discussion: """
            A key file holds one secp256k1 key of a node, an operator, the service or a payer. Plain it is 0x and 64 hex digits: \
            whoever can read the file or a backup of it has the key. Encrypted it is Web3 Secret Storage, version 3 (scrypt, \
            AES-128-CTR), as geth, eth-account and other Ethereum tools write and read it: a key made there works here, and the \
            other way round. Every command that takes a key file takes both forms. Its mode has to be 0600, whichever it is.

            The passphrase comes from a file of mode 0600 that --passphrase-file or FEESVC_PASSPHRASE_FILE names, or it is asked \
            for at the terminal, without being shown. It is never an argument. Who loses it has lost the key: keep a copy of both, \
            in two places.

              feesvc key new operator.key                      # asks for a passphrase; prints the address
              feesvc key encrypt node.key --out node.json      # then run the node with --key node.json
              FEESVC_PASSPHRASE_FILE=pass feesvc node run --key node.json
              feesvc key passphrase node.json                  # another passphrase for the same key
            """,
        subcommands: [New.self, AddressOf.self, Encrypt.self, Decrypt.self, ChangePassphrase.self])
}

/// What trying a passphrase of a new file costs.
struct KeyCostOptions: ParsableArguments {
    @Option(help: "What trying a passphrase costs whoever has the key file: standard (0.4 s, 128 MiB) or light.")
    var keyCost = KeyCost.standard
}

extension KeyCommand {
    /// `feesvc key new`.
    struct New: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key and print its address.",
            discussion: "The key is drawn from the system's generator. A file that exists is never overwritten.")

        @Argument(help: "The file to make.")
        var file: String
        @Flag(help: "Do not encrypt it: 0x and 64 hex digits, for whoever may read the file.")
        var plain = false
        @OptionGroup var passphrase: PassphraseOptions
        @OptionGroup var cost: KeyCostOptions

        func run() async throws {
            try await Presentation.reportingErrors {
                try KeyCommand.refuseExisting(file)
                let key = KeyFile.random()
                if plain {
                    try KeyFile.write(key, to: file)
                } else {
                    try await KeyFile.write(
                        key, to: file, passphrase: try passphrase.new(for: "for \(file)"), cost: cost.keyCost.scrypt)
                }
                print(key.address.checksummed)
            }
        }
    }

    /// `feesvc key address`.
    struct AddressOf: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "address", abstract: "Print the address of a key.",
            discussion: """
                An encrypted file states its address, which is printed without asking for the passphrase. Nobody signed that \
                statement: --check opens the file and compares.
                """)

        @Argument(help: "The key file.")
        var file: String
        @Flag(help: "Open an encrypted file, which proves that the passphrase and the address are right.")
        var check = false
        @OptionGroup var passphrase: PassphraseOptions

        func run() async throws {
            try await Presentation.reportingErrors {
                if !check, let address = try KeyFile.content(file).address { return print(address.checksummed) }
                print(try await passphrase.key(file).address.checksummed)
            }
        }
    }

    /// `feesvc key encrypt`.
    struct Encrypt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write an encrypted copy of a plain key file.",
            discussion: """
                The plain file stays: remove it, and its copies in backups, once the encrypted one is in use and its passphrase \
                is kept safe.
                """)

        @Argument(help: "The plain key file.")
        var file: String
        @Option(help: "The file to make; default: the name of the plain one and .json.")
        var out: String?
        @OptionGroup var passphrase: PassphraseOptions
        @OptionGroup var cost: KeyCostOptions

        func run() async throws {
            try await Presentation.reportingErrors {
                let out = out ?? file + ".json"
                guard case .plain(let key) = try KeyFile.content(file) else {
                    throw OperatorError("\(file) is encrypted already; feesvc key passphrase changes its passphrase.")
                }
                try KeyCommand.refuseExisting(out)
                try await KeyFile.write(
                    key, to: out, passphrase: try passphrase.new(for: "for \(out)"), cost: cost.keyCost.scrypt)
                print(out)
                ChannelOutput.note("\(file) still holds the key in the clear; remove it once \(out) is in use.")
            }
        }
    }

    /// `feesvc key decrypt`.
    struct Decrypt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a plain copy of an encrypted key file.",
            discussion: "The copy is 0x and 64 hex digits, mode 0600: whoever can read it has the key.")

        @Argument(help: "The encrypted key file.")
        var file: String
        @Option(help: "The file to make; default: the name of the encrypted one and .plain.")
        var out: String?
        @OptionGroup var passphrase: PassphraseOptions

        func run() async throws {
            try await Presentation.reportingErrors {
                let out = out ?? file + ".plain"
                guard case .encrypted = try KeyFile.content(file) else {
                    throw OperatorError("\(file) is not encrypted; it can be used as it is.")
                }
                try KeyCommand.refuseExisting(out)
                try KeyFile.write(try await passphrase.key(file), to: out)
                print(out)
            }
        }
    }

    /// `feesvc key passphrase`.
    struct ChangePassphrase: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "passphrase", abstract: "Give an encrypted key file another passphrase.",
            discussion: """
                The file is replaced as a whole, crash or not. Whoever has an old copy of it can still open that with the old \
                passphrase: where it leaked, take another key.
                """)

        @Argument(help: "The encrypted key file.")
        var file: String
        @OptionGroup var passphrase: PassphraseOptions
        @Option(help: "A file (mode 0600) with the new passphrase in one line; default: asked for at the terminal.")
        var newPassphraseFile: String?
        @OptionGroup var cost: KeyCostOptions

        func run() async throws {
            try await Presentation.reportingErrors {
                guard case .encrypted = try KeyFile.content(file) else {
                    throw OperatorError("\(file) is not encrypted; feesvc key encrypt makes an encrypted copy.")
                }
                let key = try await passphrase.key(file)
                let new = PassphraseOptions(passphraseFile: newPassphraseFile)
                let keystore = try await Keystore.encrypted(
                    key, password: try new.new(for: "(the new one) of \(file)"), cost: cost.keyCost.scrypt)
                try PrivateFile(path: file).replace(keystore.json)
                print(key.address.checksummed)
            }
        }
    }

    /// Refuses before anybody types a passphrase. That nothing is overwritten does not hang on this.
    private static func refuseExisting(_ path: String) throws {
        do {
            _ = try PrivateFile(path: path).read(bytesMax: Keystore.bytesMax)
        } catch PrivateFileError.missing {
            return
        } catch {}
        throw PrivateFileError.exists(path: path)
    }
}
