public import Rewards

/// Of which nodes nothing was heard.
extension NodeStore {
    /// By node, the epochs up to `epoch` whose snapshots leave it out.
    public func absences(through epoch: UInt64) async throws -> [UInt32: Absences] {
        var spans: [UInt32: [Absences.Span]] = [:]
        let rows = try await transaction.query(
            """
            SELECT node, from_epoch, least(through_epoch, \(epoch)) AS through_epoch FROM absences \
            WHERE from_epoch <= \(epoch) ORDER BY node, from_epoch
            """)
        for row in rows {
            spans[UInt32(clamping: try row.unsigned("node")), default: []].append(
                Absences.Span(from: try row.unsigned("from_epoch"), through: try row.unsigned("through_epoch")))
        }
        return spans.mapValues { Absences($0) }
    }

    /// The nodes of which a leaf in a log range holds something signed: an observation, a list, an attestation.
    public func heard(in range: Range<UInt64>) async throws -> Set<UInt32> {
        let (first, end) = (range.lowerBound, range.upperBound)
        let rows = try await transaction.query(
            """
            SELECT node FROM observations WHERE log_index >= \(first) AND log_index < \(end) \
            UNION SELECT node FROM deliveries WHERE log_index >= \(first) AND log_index < \(end) \
            UNION SELECT n.number FROM attestations AS a JOIN nodes AS n ON n.operator = a.operator \
            WHERE a.log_index >= \(first) AND a.log_index < \(end)
            """)
        return Set(try rows.map { UInt32(clamping: try $0.unsigned("node")) })
    }

    /// Keeps whom the snapshot of an epoch leaves out.
    public func keep(_ silence: Silence) async throws {
        let nodes = silence.nodes.map(UInt64.init)
        _ = try await transaction.execute(
            """
            UPDATE absences SET through_epoch = \(silence.epoch) \
            WHERE through_epoch = \(silence.epoch - 1) AND node = ANY(\(nodes))
            """)
        _ = try await transaction.execute(
            """
            INSERT INTO absences (node, from_epoch, through_epoch) \
            SELECT node, \(silence.epoch), \(silence.epoch) FROM unnest(\(nodes)) AS s (node) \
            WHERE NOT EXISTS (SELECT FROM absences AS a WHERE a.node = s.node AND a.through_epoch = \(silence.epoch))
            """)
    }
}
