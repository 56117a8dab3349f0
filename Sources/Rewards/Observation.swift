public import Primitives

/// `Observation`: a node vouches for what it measured by the hash of its canonical bytes.
public struct ObservationStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Observation(bytes32 observation)")
    /// SHA-256 of ``Observation/canonicalBytes``.
    public let observation: Bytes32

    /// Makes the statement.
    public init(observation: Bytes32) {
        self.observation = observation
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [observation] }
}

/// What one node measured of the others in an epoch.
public struct Observation: Hashable, Sendable {
    /// The most nodes that one observation speaks of.
    public static let subjectCountMax = 4_096

    /// What was measured of one node.
    public struct Subject: Hashable, Sendable {
        /// The node's number.
        public let node: UInt32
        /// How often it was probed.
        public let probes: UInt32
        /// How often it answered a probe.
        public let answered: UInt32
        /// How many storage challenges it was set while it answered.
        public let challenges: UInt32
        /// How many of them it passed.
        public let passed: UInt32
        /// Events that it was the first to bring to the observer.
        public let firstDelivered: UInt64
        /// Bytes of events that it served to the observer.
        public let bytesServed: UInt64

        /// Makes a subject; `answered ≤ probes` and `passed ≤ challenges`.
        public init(
            node: UInt32, probes: UInt32, answered: UInt32, challenges: UInt32, passed: UInt32,
            firstDelivered: UInt64, bytesServed: UInt64
        ) {
            precondition(answered <= probes && passed <= challenges, "no more successes than tries are counted")
            self.node = node
            self.probes = probes
            self.answered = answered
            self.challenges = challenges
            self.passed = passed
            self.firstDelivered = firstDelivered
            self.bytesServed = bytesServed
        }
    }

    /// The epoch.
    public let epoch: UInt64
    /// Who measured.
    public let observer: UInt32
    /// What was measured, ascending by node, the observer left out.
    public let subjects: [Subject]

    /// Makes an observation; the subjects are put in order.
    public init(epoch: UInt64, observer: UInt32, subjects: [Subject]) {
        self.epoch = epoch
        self.observer = observer
        self.subjects = subjects.sorted { $0.node < $1.node }
    }

    /// `tagged "feesvc/observation/1": u64 epoch, u32 observer, list<subject>`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/observation/1")
        encoder.append(epoch)
        encoder.append(observer)
        encoder.append(list: subjects) { encoder, subject in
            encoder.append(subject.node)
            encoder.append(subject.probes)
            encoder.append(subject.answered)
            encoder.append(subject.challenges)
            encoder.append(subject.passed)
            encoder.append(subject.firstDelivered)
            encoder.append(subject.bytesServed)
        }
        return encoder.bytes
    }

    /// Reads canonical bytes and refuses disorder, a word about the observer itself, and more successes than tries.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/observation/1")
        epoch = try decoder.readUInt64()
        let observer = try decoder.readUInt32()
        self.observer = observer
        var last: UInt32?
        subjects = try decoder.readList(limit: Self.subjectCountMax) { decoder throws(CanonicalError) in
            let node = try decoder.readUInt32()
            guard node != observer, last.map({ $0 < node }) ?? true else { throw .outOfRange(field: "node") }
            last = node
            let probes = try decoder.readUInt32()
            let answered = try decoder.readUInt32()
            let challenges = try decoder.readUInt32()
            let passed = try decoder.readUInt32()
            guard answered <= probes else { throw .outOfRange(field: "answered") }
            guard passed <= challenges else { throw .outOfRange(field: "passed") }
            return Subject(
                node: node, probes: probes, answered: answered, challenges: challenges, passed: passed,
                firstDelivered: try decoder.readUInt64(), bytesServed: try decoder.readUInt64())
        }
        try decoder.finish()
    }

    /// What the observer signs.
    public var statement: ObservationStatement {
        ObservationStatement(observation: SHA256.hash(canonicalBytes))
    }
}
