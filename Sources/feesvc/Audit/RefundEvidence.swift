import Channels
import Primitives

/// Checks what a refund was decided from: the evidence in `refunds.csv` against the hash in the log, and who signed it.
enum RefundEvidence {
    /// Checks one row of `refunds.csv`: log_index, charge, part, ground, amount, channel, evidence.
    static func check(_ row: [String], _ replay: EpochReplay) throws {
        guard let index = UInt64(row[0]), let charge = UInt64(row[1]), let bytes = Hex.decode(row[6]),
            let ground = RefundGround.allCases.first(where: { $0.name == row[3] })
        else { throw AuditDifference("refunds.csv", "row", expected: "a refund", found: row.joined(separator: ",")) }
        let place = "refunds.csv, charge \(charge)"
        try AuditDifference.check(
            place, "hash of the evidence", expected: replay.evidence[index]?.hex ?? "none",
            found: SHA256.hash(bytes).hex)
        switch ground {
        case .welcomed:
            let welcome = try Welcome(canonicalBytes: bytes)
            let statement = WelcomeStatement(topic: welcome.head.topic, envelopeHash: welcome.head.hash)
            guard welcome.topic.id == welcome.head.topic,
                welcome.signature.isBy(welcome.topic.owner, over: replay.genesis.domain.digest(of: statement))
            else { throw AuditDifference(place, "welcome", expected: "the topic owner's", found: "somebody else's") }
            try checkEnvelope(welcome.head.hash, charge, replay, place)
        case .undelivered:
            let acknowledgement = try Acknowledgement(canonicalBytes: bytes)
            try AuditDifference.check(place, "acknowledged charge", expected: charge, found: acknowledgement.charge)
            try checkEnvelope(acknowledgement.envelopeHash, charge, replay, place)
        case .refused, .deletedEarly, .overcharged, .chargedTwice, .nodeAtFault, .declaredOutage:
            throw AuditDifference(place, "ground", expected: "one of version 1", found: ground.name)
        }
    }

    /// The envelope of a charge is known where the charge is of this epoch.
    private static func checkEnvelope(
        _ found: Bytes32, _ charge: UInt64, _ replay: EpochReplay, _ place: String
    ) throws {
        guard let expected = replay.envelopes[charge] else { return }
        try AuditDifference.check(place, "envelope", expected: expected, found: found)
    }
}
