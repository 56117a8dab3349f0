/// The first place where what was exported is not what follows from its inputs.
struct AuditDifference: Error, CustomStringConvertible, Equatable {
    /// Where: a file, a leaf, an entry.
    let place: String
    /// What was compared.
    let what: String
    /// What follows from the inputs.
    let expected: String
    /// What is there.
    let found: String

    init(_ place: String, _ what: String, expected: some CustomStringConvertible, found: some CustomStringConvertible) {
        self.place = place
        self.what = what
        self.expected = expected.description
        self.found = found.description
    }

    var description: String { "\(place): \(what) is \(found), should be \(expected)" }

    /// Throws unless both are equal.
    static func check<Value: Equatable & CustomStringConvertible>(
        _ place: String, _ what: String, expected: Value, found: Value
    ) throws(AuditDifference) {
        guard expected == found else { throw AuditDifference(place, what, expected: expected, found: found) }
    }
}
