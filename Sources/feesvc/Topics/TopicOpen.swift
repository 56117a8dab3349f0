import ArgumentParser
import Channels
import Foundation
import Payer
import Primitives

extension TopicCommand {
    /// `feesvc topic open`.
    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a message of a closed topic out of its envelope.",
            discussion: """
                Reads what GET /v1/events/{event}/envelope answers, checks everything that nodes check, writes the message to --out, and \
                says who its author is. --logged is the message's time as the node tells it: whether a list counted is asked for then.
                """)

        private struct Opened: Encodable {
            let topic: Bytes32
            let owner: Address
            let author: Address
            let isOwner: Bool
            let envelopeHash: Bytes32
            let messageBytes: Int
        }

        @Argument(help: "The envelope's file.")
        var envelope: String
        @Option(help: "When the message was charged, Unix seconds.")
        var logged: UInt64
        @Option(help: "The file for the message; replaced where there is one.")
        var out: String
        @Option(help: "The fee service whose network it is of.")
        var service = "http://127.0.0.1:8080"
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await Presentation.reportingErrors {
                let sealed = try read()
                guard ClosedTopic.isClosed(sealed.head.topic) else {
                    throw OperatorError("\(sealed.head.topic) is an open topic: the payload is the message.")
                }
                let payload: AuthoredPayload
                do {
                    let check = try AuthorCheck(sealed, logged: logged)
                    payload = try AuthoredPayload(canonicalBytes: sealed.payload)
                    try await ChannelSession.withHTTP { http in
                        let url = try ChannelOptions.checked(service)
                        try check.checkSignatures(in: try await ServiceConnection(http: http, url: url).domain)
                    }
                } catch let refusal as AuthorRefusal {
                    throw OperatorError("\(envelope) has no place in its topic: \(refusal.detail) (\(refusal.code)).")
                }
                try PrivateFile(path: out).replace(payload.message)
                let opened = Opened(
                    topic: sealed.head.topic, owner: payload.topic.owner, author: payload.author,
                    isOwner: payload.author == payload.topic.owner, envelopeHash: sealed.hash,
                    messageBytes: payload.message.count)
                guard !json else { return try ChannelOutput.json(opened) }
                ChannelOutput.lines([
                    ("author", payload.author.checksummed + (opened.isOwner ? ", the owner" : "")),
                    ("owner", payload.topic.owner.checksummed), ("topic", opened.topic.hex),
                    ("message", "\(opened.messageBytes) bytes, \(out)"),
                ])
            }
        }

        private func read() throws -> Envelope {
            let limit = EnvelopeHead.payloadBytesMax + 1_024
            guard let handle = FileHandle(forReadingAtPath: envelope),
                let bytes = try handle.read(upToCount: limit + 1), bytes.count <= limit
            else { throw OperatorError("\(envelope) can't be read, or is larger than an envelope.") }
            var decoder = CanonicalDecoder(untagged: Array(bytes))
            do throws(CanonicalError) {
                let head = try EnvelopeHead(canonicalBytes: try decoder.readBytes(limit: 512))
                let payload = try decoder.readBytes(limit: EnvelopeHead.payloadBytesMax)
                try decoder.finish()
                if let found = Envelope(head: head, payload: payload) { return found }
            } catch {
                // Whatever it lacks, the sentence is the same.
            }
            throw OperatorError("\(envelope) holds no envelope: bytes head, bytes payload (docs/protocol.md §3).")
        }
    }
}
