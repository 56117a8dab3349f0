public import AsyncHTTPClient
public import Channels
public import Primitives

/// Why no node took an envelope in.
public enum PublishError: Error, CustomStringConvertible {
    /// No node took it; `refusals` are what nodes signed about it, in the order in which they were asked.
    case noNode(reasons: [String], refusals: [SignedBytesBody])
    /// A node refused it.
    case refused(ProblemBody)
    /// A node's answer proves nothing.
    case answer(String)

    /// One sentence for a log or a person.
    public var description: String {
        switch self {
        case .noNode(let reasons, _): "no node took the envelope: \(reasons.joined(separator: "; "))"
        case .refused(let problem): "\(problem.code): \(problem.detail)"
        case .answer(let reason): "a node's answer proves nothing: \(reason)"
        }
    }
}

/// Brings paid envelopes to full nodes and fails over between them.
public struct Publisher: Sendable {
    private let http: HTTPClient
    private let domain: EIP712Domain
    private let nodes: [RegisteredNode]
    private let registry: [RegisteredNode]
    private let shards: ShardMap?

    /// The most envelopes and bytes of one request, as docs/protocol.md §11 says.
    public static let batchCountMax = 64
    private static let batchBytesMax = 4 << 20
    /// The most nodes that one node's word sends an envelope to.
    private static let holdersMax = 16

    /// Tries `nodes` in this order, of each envelope's shard those first that are assigned to it, where `shards` says which. Where one
    /// says that others hold the shard, those are tried next, as far as `registry` knows them.
    public init(
        http: HTTPClient, domain: EIP712Domain, nodes: [RegisteredNode], shards: ShardMap? = nil,
        registry: [RegisteredNode] = []
    ) {
        self.shards = shards
        self.registry = registry
        self.http = http
        self.domain = domain
        self.nodes = nodes
    }

    /// Publishes envelopes with their receipts and returns the nodes' acknowledgements, each checked.
    public func publish(
        _ paid: [(envelope: Envelope, receipt: Receipt)]
    ) async throws -> [(acknowledgement: Acknowledgement, signature: Signature)] {
        guard let sharding = shards?.sharding, sharding.count > 1 else { return try await publishShard(paid) }
        let places = Dictionary(grouping: paid.indices) { sharding.shard(ofEnvelope: paid[$0].envelope.hash) }
        var answers: [Int: (acknowledgement: Acknowledgement, signature: Signature)] = [:]
        for (_, places) in places.sorted(by: { $0.key < $1.key }) {
            for (place, answer) in zip(places, try await publishShard(places.map { paid[$0] })) {
                answers[place] = answer
            }
        }
        return paid.indices.compactMap { answers[$0] }
    }

    /// Publishes envelopes of one shard.
    private func publishShard(
        _ paid: [(envelope: Envelope, receipt: Receipt)]
    ) async throws -> [(acknowledgement: Acknowledgement, signature: Signature)] {
        var answers: [(acknowledgement: Acknowledgement, signature: Signature)] = []
        var batch: [(envelope: Envelope, receipt: Receipt)] = []
        var bytes = 0
        for one in paid {
            let size = one.envelope.payload.count + Receipt.bytesMax
            if batch.count == Self.batchCountMax || (bytes + size > Self.batchBytesMax && !batch.isEmpty) {
                answers += try await publishBatch(batch)
                batch = []
                bytes = 0
            }
            batch.append(one)
            bytes += size
        }
        if !batch.isEmpty { answers += try await publishBatch(batch) }
        return answers
    }

    private func publishBatch(
        _ batch: [(envelope: Envelope, receipt: Receipt)]
    ) async throws -> [(acknowledgement: Acknowledgement, signature: Signature)] {
        let body = PublishRequest.encode(batch)
        var reasons: [String] = []
        var refusals: [SignedBytesBody] = []
        var left = order(for: batch)
        var asked: Set<UInt32> = []
        while !left.isEmpty {
            let node = left.removeFirst()
            guard asked.insert(node.number).inserted else { continue }
            let client = JSONClient(http: http, base: "http://\(node.registration.httpEndpoint)", timeoutSeconds: 15)
            do {
                let answer: PublishAnswersBody = try await client.post("/v1/envelopes", bytes: body)
                refusals += checkedRefusals(answer, batch, node)
                // Who does not hold the shard says who does.
                if let holders = answer.results.lazy.compactMap(\.holders).first?.prefix(Self.holdersMax) {
                    let known = registry.isEmpty ? nodes : registry
                    let named = known.filter {
                        holders.contains($0.registration.httpEndpoint) && !asked.contains($0.number)
                    }
                    let numbers = Set(named.map(\.number))
                    left = named + left.filter { !numbers.contains($0.number) }
                }
                return try check(answer, batch, node)
            } catch let error as ClientError {
                reasons.append("\(error)")
            } catch PublishError.refused(let problem) where problem.status == 503 || problem.status == 421 {
                reasons.append("\(problem.code): \(problem.detail)")  // this node can't now; another may
            }
        }
        throw PublishError.noNode(reasons: reasons, refusals: refusals)
    }

    /// The nodes in the order in which they are tried for envelopes of one shard.
    private func order(for batch: [(envelope: Envelope, receipt: Receipt)]) -> [RegisteredNode] {
        guard let shards, let first = batch.first else { return nodes }
        let holders = Set(shards.holders(of: shards.sharding.shard(ofEnvelope: first.envelope.hash)))
        return nodes.filter { holders.contains($0.number) } + nodes.filter { !holders.contains($0.number) }
    }

    /// The refusals in an answer that the node signed about what was sent.
    private func checkedRefusals(
        _ answer: PublishAnswersBody, _ batch: [(envelope: Envelope, receipt: Receipt)], _ node: RegisteredNode
    ) -> [SignedBytesBody] {
        zip(batch, answer.results).compactMap { sent, result in
            guard let signed = result.refusal,
                let refusal = try? NodeRefusal(canonicalBytes: signed.bytes.bytes),
                refusal.charge == sent.receipt.charge.number,
                refusal.envelopeHash == sent.receipt.charge.envelopeHash,
                signed.signature.isBy(node.registration.nodeKey, over: domain.digest(of: refusal.statement))
            else { return nil }
            return signed
        }
    }

    private func check(
        _ answer: PublishAnswersBody, _ batch: [(envelope: Envelope, receipt: Receipt)], _ node: RegisteredNode
    ) throws -> [(acknowledgement: Acknowledgement, signature: Signature)] {
        guard answer.results.count == batch.count else { throw PublishError.answer("it answers another number") }
        return try zip(batch, answer.results).map { sent, result in
            if let problem = result.problem { throw PublishError.refused(problem) }
            guard let signed = result.acknowledgement else { throw PublishError.answer("nothing is acknowledged") }
            let acknowledgement = try Acknowledgement(canonicalBytes: signed.bytes.bytes)
            let digest = domain.digest(of: acknowledgement.statement)
            guard acknowledgement.charge == sent.receipt.charge.number,
                acknowledgement.envelopeHash == sent.receipt.charge.envelopeHash,
                signed.signature.isBy(node.registration.nodeKey, over: digest)
            else { throw PublishError.answer("the acknowledgement is for something else") }
            return (acknowledgement, signed.signature)
        }
    }
}

/// The body of `POST /v1/envelopes`: `list<bytes head, bytes payload, bytes receipt>` without a tag.
public enum PublishRequest {
    /// Writes the body.
    public static func encode(_ batch: [(envelope: Envelope, receipt: Receipt)]) -> [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.append(list: batch) { encoder, one in
            one.envelope.write(to: &encoder)
            encoder.append(one.receipt.canonicalBytes)
        }
        return encoder.bytes
    }

    /// Reads the parts of a body strictly; heads and receipts are parsed by the caller, one by one.
    public static func decode(
        _ body: [UInt8]
    ) throws(CanonicalError) -> [(head: [UInt8], payload: [UInt8], receipt: [UInt8])] {
        var decoder = CanonicalDecoder(untagged: body)
        let parts = try decoder.readList(limit: Publisher.batchCountMax) { decoder throws(CanonicalError) in
            (
                head: try decoder.readBytes(limit: 512),
                payload: try decoder.readBytes(limit: EnvelopeHead.payloadBytesMax),
                receipt: try decoder.readBytes(limit: Receipt.bytesMax)
            )
        }
        try decoder.finish()
        return parts
    }
}
