import Channels
import Primitives

/// Checks what a refund was decided from: the evidence in `refunds.csv` against the hash in the log, and who signed it.
enum RefundEvidence {
    /// Checks one row of `refunds.csv`: log_index, charge, part, ground, source, amount, channel, evidence.
    static func check(_ row: [String], _ replay: EpochReplay) throws {
        guard let index = UInt64(row[0]), let charge = UInt64(row[1]), let bytes = Hex.decode(row[7]),
            let ground = RefundGround.allCases.first(where: { $0.name == row[3] })
        else { throw AuditDifference("refunds.csv", "row", expected: "a refund", found: row.joined(separator: ",")) }
        let place = "refunds.csv, charge \(charge)"
        let hash = bytes.isEmpty ? Bytes32.zero : SHA256.hash(bytes)
        try AuditDifference.check(
            place, "hash of the evidence", expected: replay.evidence[index]?.hex ?? "none", found: hash.hex)
        switch ground {
        case .welcomed: try check(try Welcome(canonicalBytes: bytes), charge, replay, place)
        case .undelivered, .nodeAtFault:
            let acknowledgement = try Acknowledgement(canonicalBytes: bytes)
            try AuditDifference.check(place, "acknowledged charge", expected: charge, found: acknowledgement.charge)
            try checkEnvelope(acknowledgement.envelopeHash, charge, replay, place)
        case .refused:
            let refusal = try NodeRefusal(canonicalBytes: bytes)
            try AuditDifference.check(place, "refused charge", expected: charge, found: refusal.charge)
            try checkEnvelope(refusal.envelopeHash, charge, replay, place)
        case .deletedEarly:
            let deletion = try Deletion(canonicalBytes: bytes)
            do throws(DeletionRefusal) {
                try deletion.check(domain: replay.genesis.domain)
            } catch {
                throw AuditDifference(place, "deletion", expected: "the topic owner's", found: error.code)
            }
            try checkEnvelope(deletion.head.hash, charge, replay, place)
        case .chargedTwice:
            let pair = try DoubleCharge(canonicalBytes: bytes)
            try AuditDifference.check(place, "later charge", expected: charge, found: pair.charge)
            if let first = replay.envelopes[pair.first] { try checkEnvelope(first, charge, replay, place) }
        case .overcharged: break
        case .declaredOutage:
            throw AuditDifference(place, "ground", expected: "one of a single charge", found: ground.name)
        }
    }

    private static func check(
        _ welcome: Welcome, _ charge: UInt64, _ replay: EpochReplay, _ place: String
    ) throws {
        let statement = WelcomeStatement(topic: welcome.head.topic, envelopeHash: welcome.head.hash)
        guard welcome.topic.isCommitted(by: welcome.head.topic),
            welcome.signature.isBy(welcome.topic.owner, over: replay.genesis.domain.digest(of: statement))
        else { throw AuditDifference(place, "welcome", expected: "the topic owner's", found: "somebody else's") }
        try checkEnvelope(welcome.head.hash, charge, replay, place)
    }

    /// The envelope of a charge is known where the charge is of this epoch.
    private static func checkEnvelope(
        _ found: Bytes32, _ charge: UInt64, _ replay: EpochReplay, _ place: String
    ) throws {
        guard let expected = replay.envelopes[charge] else { return }
        try AuditDifference.check(place, "envelope", expected: expected, found: found)
    }
}
