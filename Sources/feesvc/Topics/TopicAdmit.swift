import ArgumentParser
import Channels
import Foundation
import Payer
import Primitives

extension TopicCommand {
    /// `feesvc topic admit`.
    struct Admit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a list of members, and write each member's place on it.",
            discussion: """
                --members is a file with an address on each line; # begins a comment. Each member gets a file of the own; the list as \
                a whole is written nowhere, and no place tells who else is on it.

                A list counts for messages that are paid from --from on, for --days. It can't be taken back: to strike a \
                member off, sign the next list without that name and wait until this one ends. Where that takes too long, make a \
                new topic. Renew a list before it ends; two that overlap both count.
                """)

        /// The file of addresses in bytes at most.
        private static let bytesMax = 8 << 20

        @Argument(help: "The topic's file, of feesvc topic create.")
        var topic: String
        @Option(help: "The owner's key file.")
        var ownerKey: String
        @OptionGroup var passphrase: PassphraseOptions
        @Option(help: "A file with the members' addresses, at most 65536.")
        var members: String
        @Option(help: "For how many days the list counts, 1 to 366.")
        var days: UInt64 = 30
        @Option(help: "From when it counts, Unix seconds; default: five minutes ago, since clocks differ.")
        var from: UInt64?
        @Option(help: "The fee service whose network it is for.")
        var service = "http://127.0.0.1:8080"
        @Option(
            help:
                "The folder for the members' files; made where there is none. A file there is replaced by a newer list's."
        )
        var out: String

        func validate() throws {
            guard (1...366).contains(days) else { throw ValidationError("--days is \(days); it is 1 to 366.") }
        }

        func run() async throws {
            try await Presentation.reportingErrors {
                let opened = try TopicPass(path: topic).topic
                guard opened.rule == .members else {
                    throw OperatorError("In \(opened.id) only the owner publishes: it has no list of members.")
                }
                let addresses = try MemberNames(path: members, bytesMax: Self.bytesMax).addresses
                let key = try await KeyFile.read(ownerKey, passphraseFile: passphrase.passphraseFile)
                guard key.address == opened.owner else {
                    throw OperatorError(
                        "\(ownerKey) is the key of \(key.address.checksummed), the topic is \(opened.owner.checksummed)'s."
                    )
                }
                guard let secret = Bytes32.random() else { throw OperatorError("No random bytes.") }
                let tree: MemberTree
                do {
                    tree = try MemberTree(members: addresses, secret: secret)
                } catch {
                    throw OperatorError("\(members) makes no list: \(error).")
                }
                let now = UInt64.now
                let start = from ?? now - 300
                let list = try MemberList(
                    topic: opened.id, version: now, from: start, until: start.addingClamped(days * 86_400),
                    root: tree.root)
                try await ChannelSession.withHTTP { http in
                    let domain = try await ServiceConnection(http: http, url: ChannelOptions.checked(service)).domain
                    let signature = key.sign(domain.digest(of: list.statement))
                    try write(list, signature, addresses, tree, opened)
                }
                ChannelOutput.lines([
                    ("topic", opened.id.hex), ("members", "\(addresses.count)"), ("version", "\(list.version)"),
                    ("counts from", ChannelOutput.moment(list.from)), ("until", ChannelOutput.moment(list.until)),
                    ("files", out + "/0x….json"),
                ])
            }
        }

        private func write(
            _ list: MemberList, _ signature: Signature, _ addresses: [Address], _ tree: MemberTree, _ topic: ClosedTopic
        ) throws {
            try FileManager.default.createDirectory(
                atPath: out, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for member in addresses {
                guard let place = tree.place(of: member) else { continue }
                let membership = Membership(
                    list: list, signature: signature, salt: place.salt, index: place.index, path: place.path)
                let file = MembershipFile(
                    topic: TopicFile(topic), member: member, version: list.version, from: list.from,
                    until: list.until, membership: HexBytes(membership.canonicalBytes))
                try PrivateFile(path: "\(out)/\(member).json").replace(
                    Array((try ChannelOutput.text(file) + "\n").utf8))
            }
        }
    }
}

/// Addresses, one a line.
private struct MemberNames {
    let addresses: [Address]

    init(path: String, bytesMax: Int) throws {
        let bytes: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: bytesMax + 1) ?? Data()
        } catch {
            throw OperatorError("\(path) can't be read: \(Presentation.reason(of: error)).")
        }
        guard bytes.count <= bytesMax else { throw OperatorError("\(path) has more than \(bytesMax) bytes.") }
        var addresses: [Address] = []
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        for (place, line) in lines.enumerated() where !line.isEmpty && !line.hasPrefix("#") {
            guard let address = Address(hex: line.lowercased()) else {
                throw OperatorError("\(path), line \(place + 1): an address is 0x and 40 hex digits.")
            }
            addresses.append(address)
        }
        self.addresses = addresses
    }
}
