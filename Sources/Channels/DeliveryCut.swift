public import Primitives

/// Charge numbers as ascending runs that do not touch.
public struct ChargeRuns: Hashable, Sendable {
    /// One run: its first number and how many follow, itself included.
    public struct Run: Hashable, Sendable {
        /// The first number.
        public let first: UInt64
        /// How many.
        public let count: UInt64
    }

    /// The runs.
    public private(set) var runs: [Run]

    /// Gathers ascending numbers, none twice.
    public init(ascending numbers: some Sequence<UInt64>) {
        runs = []
        for number in numbers {
            if let last = runs.last {
                precondition(number >= last.first + last.count, "charge numbers ascend")
                if number == last.first + last.count {
                    runs[runs.count - 1] = Run(first: last.first, count: last.count + 1)
                    continue
                }
            }
            runs.append(Run(first: number, count: 1))
        }
    }

    /// Writes a list of first and count.
    public func write(to encoder: inout CanonicalEncoder) {
        encoder.append(list: runs) { encoder, run in
            encoder.append(run.first)
            encoder.append(run.count)
        }
    }

    /// Reads a list of at most a million runs and checks that they ascend and do not touch.
    public init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        runs = try decoder.readList(limit: 1_000_000) { decoder throws(CanonicalError) in
            Run(first: try decoder.readUInt64(), count: try decoder.readUInt64())
        }
        var free: UInt64 = 1
        for run in runs {
            let (end, over) = run.first.addingReportingOverflow(run.count)
            guard run.first >= free, run.count > 0, !over, end < UInt64.max else {
                throw .outOfRange(field: "runs")
            }
            free = end + 1
        }
    }

    /// Tells whether a number is in a run.
    public func contains(_ number: UInt64) -> Bool {
        var low = 0
        var high = runs.count
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].first <= number { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        let run = runs[low - 1]
        return number - run.first < run.count
    }
}

/// `Delivered`: a node vouches for its list by the hash of its canonical bytes.
public struct DeliveredStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Delivered(bytes32 delivered)")
    /// SHA-256 of ``Delivered/canonicalBytes``.
    public let delivered: Bytes32

    /// Makes the statement.
    public init(delivered: Bytes32) {
        self.delivered = delivered
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [delivered] }
}

/// Which charges of an epoch a node holds.
public struct Delivered: Hashable, Sendable {
    /// The epoch.
    public let epoch: UInt64
    /// The node.
    public let node: UInt32
    /// The charge numbers.
    public let charges: ChargeRuns

    /// Makes a list.
    public init(epoch: UInt64, node: UInt32, charges: ChargeRuns) {
        self.epoch = epoch
        self.node = node
        self.charges = charges
    }

    /// `tagged "feesvc/delivered/1": u64 epoch, u32 node, list<u64 first, u64 count>`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/delivered/1")
        encoder.append(epoch)
        encoder.append(node)
        charges.write(to: &encoder)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/delivered/1")
        epoch = try decoder.readUInt64()
        node = try decoder.readUInt32()
        charges = try ChargeRuns(from: &decoder)
        try decoder.finish()
    }

    /// What the node signs.
    public var statement: DeliveredStatement { DeliveredStatement(delivered: SHA256.hash(canonicalBytes)) }
}

/// The rule of the delivery cut.
public enum DeliveryCut {
    /// Tells whether a charge counts as undelivered: its payer holds a node's acknowledgement, and by the cut no
    /// majority of the holders has reported the event. What was never published is not refunded, nor what no node had to
    /// hold.
    public static func isUndelivered(
        charge: UInt64, holders: Int, reports: [Delivered], isAcknowledged: Bool
    ) -> Bool {
        guard isAcknowledged, holders > 0 else { return false }
        let reported = reports.count { $0.charges.contains(charge) }
        return 2 * reported <= holders
    }
}

/// `Acknowledgement`: a node vouches that it took an envelope in.
public struct AcknowledgementStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Acknowledgement(bytes32 acknowledgement)")
    /// SHA-256 of ``Acknowledgement/canonicalBytes``.
    public let acknowledgement: Bytes32

    /// Makes the statement.
    public init(acknowledgement: Bytes32) {
        self.acknowledgement = acknowledgement
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [acknowledgement] }
}

/// What a node answers a publisher: it holds the event on disk and will spread it.
public struct Acknowledgement: Hashable, Sendable {
    /// The node.
    public let node: UInt32
    /// The event's id.
    public let event: Bytes32
    /// The charge that the event carries.
    public let charge: UInt64
    /// The envelope.
    public let envelopeHash: Bytes32
    /// The node's time, that of the newest head it has seen.
    public let time: UInt64

    /// Makes an acknowledgement.
    public init(node: UInt32, event: Bytes32, charge: UInt64, envelopeHash: Bytes32, time: UInt64) {
        self.node = node
        self.event = event
        self.charge = charge
        self.envelopeHash = envelopeHash
        self.time = time
    }

    /// `tagged "feesvc/acknowledgement/1": u32 node, b32 event, u64 charge, b32 envelopeHash, u64 time`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/acknowledgement/1")
        encoder.append(node)
        encoder.append(event)
        encoder.append(charge)
        encoder.append(envelopeHash)
        encoder.append(time)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/acknowledgement/1")
        node = try decoder.readUInt32()
        event = try decoder.readBytes32()
        charge = try decoder.readUInt64()
        envelopeHash = try decoder.readBytes32()
        time = try decoder.readUInt64()
        try decoder.finish()
    }

    /// What the node signs.
    public var statement: AcknowledgementStatement {
        AcknowledgementStatement(acknowledgement: SHA256.hash(canonicalBytes))
    }
}
