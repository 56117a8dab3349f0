import ArgumentParser
import AsyncHTTPClient
import Channels
import Payer
import Primitives

extension ChannelCommand {
    /// `feesvc channel publish`.
    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish a message that is paid.",
            discussion: """
                Takes the envelope and the receipt of a charge from the wallet to the first of the nodes that takes them. For \
                messages that feesvc channel pay did not publish, or could not; needed before publishBy of the charge. Again, \
                it is the same message. No passphrase is needed.

                \(ChannelExit.help)
                """)

        @Argument(help: "The charge's number.")
        var charge: UInt64
        @Option(help: "The channel: its id or the beginning of it; not needed where the wallet holds one.")
        var channel: String?
        @Option(help: "The wallet: a folder with keys, channels and receipts that only its owner may enter.")
        var wallet = "./feesvc-wallet"
        @Option(help: "The fee service; default: where the channel was opened.")
        var service: String?
        @Option(help: "A node's HTTP address, host:port; several in the order in which they are tried.")
        var node: [String]
        @Flag(help: "Print JSON.")
        var json = false

        private struct Published: Encodable {
            let charge: UInt64
            let event: Bytes32
            let acknowledgementFile: String
        }

        func run() async throws {
            try await ChannelExit.reporting {
                let wallet = try Wallet(path: wallet)
                let id = try wallet.channel(named: channel ?? "")
                guard let record = try wallet.recordFile(id).read() else {
                    throw WalletError.unknownChannel(path: wallet.path, name: id.hex)
                }
                let document = try ReceiptDocument(
                    json: try PrivateFile(path: wallet.receiptPath(of: id, charge: charge))
                        .read(bytesMax: ReceiptDocument.bytesMax))
                let receipt = try Receipt(canonicalBytes: document.receipt.bytes)
                let envelope = try wallet.envelope(receipt.charge.envelopeHash)
                let url = try service.map(ChannelOptions.checked) ?? record.service
                try await ChannelSession.withHTTP { http in
                    let connection = try await ServiceConnection(http: http, url: url)
                    let nodes = try await PaidMessages(wallet: wallet, channel: id, service: connection, http: http)
                        .publisher(at: node)
                    let event = try await nodes.publish(envelope, receipt).event
                    guard json else { return print("published  event \(event)") }
                    try ChannelOutput.json(
                        Published(
                            charge: charge, event: event,
                            acknowledgementFile: wallet.acknowledgementPath(of: id, charge: charge)))
                }
            }
        }
    }
}

/// A channel's messages on their way to nodes.
struct PaidMessages {
    let wallet: Wallet
    let channel: Bytes32
    let service: ServiceConnection
    let http: HTTPClient

    /// Who brings them to the registered nodes at `addresses`, tried in this order.
    func publisher(at addresses: [String]) async throws -> NodePublisher {
        let registry: NodesBody = try await service.client.get("/v1/nodes")
        let registered = try registry.registered
        let nodes = try addresses.map { address in
            guard let node = registered.first(where: { $0.registration.httpEndpoint == address }) else {
                let known = registered.map(\.registration.httpEndpoint).joined(separator: ", ")
                throw OperatorError(
                    "No node is registered at \(address); there are: \(known.isEmpty ? "none" : known).")
            }
            return node
        }
        return NodePublisher(
            wallet: wallet, channel: channel,
            publisher: Publisher(
                http: http, domain: service.domain, nodes: nodes,
                shards: try registry.shardMap(service.genesis), registry: registered))
    }
}

/// Brings a channel's messages to nodes and keeps what they acknowledge.
struct NodePublisher {
    fileprivate let wallet: Wallet
    fileprivate let channel: Bytes32
    fileprivate let publisher: Publisher

    /// Publishes one. The acknowledgement is kept: it is what a refund of an undelivered message needs.
    func publish(_ envelope: Envelope, _ receipt: Receipt) async throws -> Acknowledgement {
        let answer: (acknowledgement: Acknowledgement, signature: Signature)?
        do {
            answer = try await publisher.publish([(envelope, receipt)]).first
        } catch PublishError.noNode(let reasons, let refusals) {
            // What the ground "refused" needs, should no other node take the message either.
            if let refusal = refusals.first {
                try PrivateFile(path: wallet.refusalPath(of: channel, charge: receipt.charge.number))
                    .replace(Array(try ChannelOutput.text(refusal).utf8))
            }
            throw PublishError.noNode(reasons: reasons, refusals: refusals)
        }
        guard let answer else { throw PublishError.answer("nothing is acknowledged") }
        let body = SignedBytesBody(bytes: answer.acknowledgement.canonicalBytes, signature: answer.signature)
        try PrivateFile(path: wallet.acknowledgementPath(of: channel, charge: receipt.charge.number))
            .replace(Array(try ChannelOutput.text(body).utf8))
        return answer.acknowledgement
    }
}

extension Wallet {
    /// Reads an envelope that was paid for.
    func envelope(_ hash: Bytes32) throws -> Envelope {
        let bytesMax = EnvelopeHead.payloadBytesMax + 1_024
        let bytes = try PrivateFile(path: envelopePath(hash)).read(bytesMax: bytesMax)
        var decoder = CanonicalDecoder(untagged: bytes)
        let head = try EnvelopeHead(canonicalBytes: try decoder.readBytes(limit: 512))
        let payload = try decoder.readBytes(limit: EnvelopeHead.payloadBytesMax)
        try decoder.finish()
        guard let envelope = Envelope(head: head, payload: payload), envelope.hash == hash else {
            throw OperatorError("\(envelopePath(hash)) holds another envelope than its name says.")
        }
        return envelope
    }
}
