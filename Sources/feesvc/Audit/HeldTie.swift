/// Whether an epoch begins with what was held at the edge before, charge by charge.
struct HeldTie {
    private static let place = "held.csv"

    private let end: HeldCharges
    private var others = RowHashes()
    private var seen = 0

    /// Expects what was held at an edge.
    init(end: HeldCharges) {
        self.end = end
    }

    /// Takes the next row in.
    mutating func take(_ charge: OpenCharge) throws(AuditDifference) {
        guard end.keeps(charge.charge) else { return others.append(charge) }
        guard end[charge.charge] == charge.held else { throw Self.differs("what is held of charge \(charge.charge)") }
        seen += 1
    }

    /// Throws unless no charge is missing, and all that were not kept are the same.
    func finish() throws(AuditDifference) {
        if let run = end.atEdge.firstDifference(others) {
            throw Self.differs("what is held of the charges from \(run.first) to \(run.last)")
        }
        guard seen == end.kept.count else { throw Self.differs("the number of charges that are held") }
    }

    private static func differs(_ what: String) -> AuditDifference {
        AuditDifference(place, what, expected: "as at the edge before", found: "something else")
    }
}
