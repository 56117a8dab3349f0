/// The epochs whose snapshots leave a node out.
public struct Absences: Hashable, Sendable {
    /// Epochs in a row.
    public struct Span: Hashable, Sendable, Codable {
        /// The first.
        public let from: UInt64
        /// The last.
        public let through: UInt64

        /// Puts both ends together.
        public init(from: UInt64, through: UInt64) {
            self.from = from
            self.through = through
        }
    }

    /// In order, with an epoch or more between any two.
    public private(set) var spans: [Span]

    /// Starts from spans in order.
    public init(_ spans: [Span] = []) {
        self.spans = spans
    }

    /// Whether the epoch's snapshot leaves the node out.
    public func contains(_ epoch: UInt64) -> Bool {
        spans.contains { $0.from <= epoch && epoch <= $0.through }
    }

    /// Adds an epoch after all that are in it.
    public mutating func append(_ epoch: UInt64) {
        guard let last = spans.last, last.through &+ 1 == epoch, epoch > 0 else {
            return spans.append(Span(from: epoch, through: epoch))
        }
        spans[spans.count - 1] = Span(from: last.from, through: epoch)
    }
}
