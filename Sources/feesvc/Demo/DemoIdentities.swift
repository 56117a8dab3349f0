import Channels
import Primitives

/// Keys, topics and payloads of a demo, all from its seed.
struct DemoIdentities: Sendable {
    let seed: UInt64

    /// The key of the trace's sender.
    func payer(_ sender: Int) -> SecretKey { SecretKey(seed: seed, label: "payer/\(sender)") }

    /// The operator of a node.
    func nodeOperator(_ node: Int) -> SecretKey { SecretKey(seed: seed, label: "operator/\(node)") }

    /// A node's own key.
    func node(_ node: Int) -> SecretKey { SecretKey(seed: seed, label: "node/\(node)") }

    /// A one-time key of a topic's owner.
    func owner(of topic: TraceMessage.TopicName, sender: Int) -> SecretKey {
        SecretKey(seed: seed, label: "owner/\(topic.stream)/\(topic.topic)/\(sender)")
    }

    /// 32 bytes that depend on the seed and a label.
    func bytes(_ label: String) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/demo/1")
        encoder.append(seed)
        encoder.append(label)
        return SHA256.hash(encoder.bytes)
    }

    /// A topic as the network knows it. Where nobody answers in the trace, nobody holds the owner's key.
    func topic(_ name: TraceMessage.TopicName, owner sender: Int?) -> Topic {
        let label = "topic/\(name.stream)/\(name.topic)"
        let nobody = Address(bytes(label + "/nobody").bytes.suffix(20)) ?? .zero
        return Topic(owner: sender.map { owner(of: name, sender: $0).address } ?? nobody, salt: bytes(label + "/salt"))
    }

    /// A message's envelope: as many payload bytes as the trace says.
    func envelope(_ message: TraceMessage, number: Int, topic: Bytes32, expiryDay: UTCDay) -> Envelope {
        var generator = SplitMix64(seed: seed &+ UInt64(number))
        var payload: [UInt8] = []
        payload.reserveCapacity(message.bytes + 8)
        while payload.count < message.bytes {
            withUnsafeBytes(of: generator.next().littleEndian) { payload.append(contentsOf: $0) }
        }
        payload.removeLast(payload.count - message.bytes)
        return Envelope(topic: topic, expiryDay: expiryDay, salt: bytes("envelope/\(number)"), payload: payload)
    }
}

/// What the driver finds in a trace before it starts: who owns each topic, and who is welcomed.
struct TraceTopics {
    /// A topic's opening and the first answer of somebody else.
    struct Story {
        let opening: Int
        var reply: Int?
    }

    private(set) var stories: [TraceMessage.TopicName: Story] = [:]
    /// Openings that are welcomed when a message is sent, by the message's place.
    private(set) var welcomes: [Int: TraceMessage.TopicName] = [:]

    /// Reads the whole trace; an answer earlier than `window` seconds after the opening welcomes it.
    init(_ messages: [TraceMessage], window: UInt64) {
        for (place, message) in messages.enumerated() {
            guard let story = stories[message.topic] else {
                stories[message.topic] = Story(opening: place)
                continue
            }
            let opening = messages[story.opening]
            guard story.reply == nil, message.sender != opening.sender else { continue }
            stories[message.topic]?.reply = place
            if message.sentAt < opening.sentAt + window { welcomes[place] = message.topic }
        }
    }
}
