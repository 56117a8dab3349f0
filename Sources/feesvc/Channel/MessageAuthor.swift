import ArgumentParser
import Channels
import Payer
import Primitives

/// As whom a message is published, where its topic asks for that.
struct AuthorOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: """
            Publish in a closed topic: the member's file of feesvc topic admit, or as its owner the topic's file. The message is \
            signed before it is paid, and what nodes would refuse is not paid for.
            """)
    var pass: String?
    @Option(help: "With --as: the author's key file; default: the key that signs the channel's vouchers.")
    var authorKey: String?
    @Option(help: "A file with the passphrase of --author-key; default: --passphrase-file.")
    var authorKeyPassphraseFile: String?

    /// The author, where there is one.
    func author(signer: SecretKey, passphraseFile: String?, now: UInt64, domain: EIP712Domain) async throws
        -> MessageAuthor?
    {
        guard let path = pass else {
            guard authorKey == nil else { throw OperatorError("--author-key goes with --as.") }
            return nil
        }
        let pass = try TopicPass(path: path)
        var key = signer
        if let authorKey {
            key = try await KeyFile.read(authorKey, passphraseFile: authorKeyPassphraseFile ?? passphraseFile)
        }
        if let member = pass.member, member != key.address {
            throw OperatorError(
                "\(path) is the place of \(member.checksummed), the author's key is of \(key.address.checksummed).")
        }
        return MessageAuthor(pass: pass, key: key, validUntil: now.addingClamped(86_400), domain: domain)
    }
}

/// Who publishes in a closed topic, and by what right.
struct MessageAuthor {
    let pass: TopicPass
    let key: SecretKey
    /// Until when the message may be charged: a day, so that nobody can pay for it again later.
    let validUntil: UInt64
    let domain: EIP712Domain

    /// For how long after now the right has to last, so that what is paid for is still in time: clocks differ.
    private static let margin: UInt64 = 300

    /// Seals a message, and checks it as nodes will.
    func seal(
        _ message: [UInt8], expiryDay: UTCDay, salt: Bytes32, now: UInt64, shardBits: UInt8
    ) throws -> Envelope {
        guard
            let envelope = Envelope(
                authored: message, in: pass.topic, expiryDay: expiryDay, salt: salt, validUntil: validUntil,
                membership: pass.membership, key: key, domain: domain, shardBits: shardBits)
        else { throw OperatorError("The message and its author's proof are larger than 1 MiB; split it.") }
        do throws(AuthorRefusal) {
            for time in [now, now.addingClamped(Self.margin)] { _ = try AuthorCheck(envelope, logged: time) }
            try AuthorCheck(envelope, logged: now).checkSignatures(in: domain)
        } catch {
            throw OperatorError(
                "Nodes would refuse this message, so it is not paid for: \(error.detail) (\(error.code)).")
        }
        return envelope
    }

    /// Tells whether an envelope that was paid for is this author's, with this message.
    func isMet(by envelope: Envelope, _ message: [UInt8]) -> Bool {
        guard envelope.head.topic == pass.topic.id,
            let payload = try? AuthoredPayload(canonicalBytes: envelope.payload)
        else { return false }
        return payload.author == key.address && payload.message == message
    }
}
